import type { HTMLAttributes } from "react";
import { cn } from "./utils";

type Props = HTMLAttributes<HTMLDivElement>;

export function Card({ className, ...rest }: Props) {
  const look = "rounded-xl border border-slate-200 bg-white text-slate-900 shadow-sm";
  const dark = "dark:border-slate-700 dark:bg-slate-900 dark:text-slate-100";
  return <div className={cn(look, dark, className)} {...rest} />;
}

export function CardHeader({ className, ...rest }: Props) {
  return <div className={cn("flex flex-col gap-1.5 p-6", className)} {...rest} />;
}

export function CardTitle({ className, ...rest }: HTMLAttributes<HTMLHeadingElement>) {
  return <h3 className={cn("text-lg leading-none font-semibold", className)} {...rest} />;
}

export function CardDescription({ className, ...rest }: HTMLAttributes<HTMLParagraphElement>) {
  return <p className={cn("text-sm text-slate-600 dark:text-slate-300", className)} {...rest} />;
}

export function CardContent({ className, ...rest }: Props) {
  return <div className={cn("p-6 pt-0", className)} {...rest} />;
}

export function CardFooter({ className, ...rest }: Props) {
  return <div className={cn("flex items-center p-6 pt-0", className)} {...rest} />;
}
