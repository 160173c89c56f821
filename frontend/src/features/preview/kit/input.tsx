import type { InputHTMLAttributes } from "react";
import { cn } from "./utils";

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  const look = "h-10 w-full rounded-md border border-slate-400 bg-transparent px-3 text-sm placeholder:text-slate-500";
  const states = "focus-visible:outline-2 focus-visible:outline-offset-2 disabled:opacity-50 dark:border-slate-500";
  return <input className={cn(look, states, className)} {...rest} />;
}
