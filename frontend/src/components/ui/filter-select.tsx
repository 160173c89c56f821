// A filter of a list: one of a few values, or any.
import { ChevronDown } from "lucide-react";

interface FilterSelectProps {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}

export function FilterSelect({ label, value, options, onChange }: FilterSelectProps) {
  return (
    <span className="pick">
      <select
        className="btn lib-pick"
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        <option value="">{label}: any</option>
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {label}: {name}
          </option>
        ))}
      </select>
      <ChevronDown className="i i-sm" aria-hidden="true" />
    </span>
  );
}
