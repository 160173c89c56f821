import type { ButtonHTMLAttributes } from "react";
import { cn } from "./utils";

const looks = {
  default: "bg-slate-900 text-white hover:bg-slate-700 dark:bg-slate-100 dark:text-slate-900",
  secondary: "bg-slate-100 text-slate-900 hover:bg-slate-200 dark:bg-slate-800 dark:text-slate-100",
  outline: "border border-slate-300 bg-transparent hover:bg-slate-100 dark:border-slate-600 dark:hover:bg-slate-800",
  ghost: "bg-transparent hover:bg-slate-100 dark:hover:bg-slate-800",
  link: "bg-transparent underline underline-offset-4",
  destructive: "bg-red-700 text-white hover:bg-red-800",
};
const sizes = { default: "h-10 px-4", sm: "h-8 px-3 text-sm", lg: "h-12 px-6", icon: "size-10" };

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: keyof typeof looks;
  size?: keyof typeof sizes;
}

export function Button({ variant = "default", size = "default", className, type = "button", ...rest }: ButtonProps) {
  const base =
    "inline-flex items-center justify-center gap-2 rounded-md font-medium disabled:opacity-50 focus-visible:outline-2 focus-visible:outline-offset-2";
  return <button type={type} className={cn(base, looks[variant], sizes[size], className)} {...rest} />;
}
