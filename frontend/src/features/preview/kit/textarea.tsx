import type { TextareaHTMLAttributes } from "react";
import { cn } from "./utils";

export function Textarea({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const look = "min-h-20 w-full rounded-md border border-slate-400 bg-transparent px-3 py-2 text-sm";
  const states = "focus-visible:outline-2 focus-visible:outline-offset-2 disabled:opacity-50 dark:border-slate-500";
  return <textarea className={cn(look, states, className)} {...rest} />;
}
