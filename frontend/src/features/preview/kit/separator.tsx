import type { HTMLAttributes } from "react";
import { cn } from "./utils";

export function Separator({ className, ...rest }: HTMLAttributes<HTMLHRElement>) {
  return <hr className={cn("border-t border-slate-200 dark:border-slate-700", className)} {...rest} />;
}
