import type { HTMLAttributes } from "react";
import { cn } from "./utils";

const looks = {
  default: "bg-slate-900 text-white dark:bg-slate-100 dark:text-slate-900",
  secondary: "bg-slate-100 text-slate-900 dark:bg-slate-800 dark:text-slate-100",
  outline: "border border-slate-400",
  destructive: "bg-red-700 text-white",
};

interface BadgeProps extends HTMLAttributes<HTMLSpanElement> {
  variant?: keyof typeof looks;
}

export function Badge({ variant = "default", className, ...rest }: BadgeProps) {
  const base = "inline-flex items-center rounded-full px-2.5 py-0.5 text-xs font-semibold";
  return <span className={cn(base, looks[variant], className)} {...rest} />;
}
