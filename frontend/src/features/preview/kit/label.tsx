import type { LabelHTMLAttributes } from "react";
import { cn } from "./utils";

export function Label({ className, ...rest }: LabelHTMLAttributes<HTMLLabelElement>) {
  // biome-ignore lint/a11y/noLabelWithoutControl: which control it is for is said where it is used
  return <label className={cn("text-sm font-medium", className)} {...rest} />;
}
