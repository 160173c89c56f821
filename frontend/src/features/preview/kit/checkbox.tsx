import type { InputHTMLAttributes } from "react";
import { cn } from "./utils";

interface CheckboxProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type"> {
  onCheckedChange?: (checked: boolean) => void;
}

export function Checkbox({ className, onCheckedChange, onChange, ...rest }: CheckboxProps) {
  return (
    <input
      type="checkbox"
      className={cn("size-4 accent-slate-900 dark:accent-slate-100", className)}
      onChange={(event) => {
        onChange?.(event);
        onCheckedChange?.(event.target.checked);
      }}
      {...rest}
    />
  );
}
