// A labelled field with a hint before and an error after; a password can be shown.
import { CircleAlert, Eye, EyeOff } from "lucide-react";
import { type InputHTMLAttributes, type ReactNode, type Ref, useId, useState } from "react";

export interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  /** At the end of the label's line, such as a link. */
  beside?: ReactNode;
  ref?: Ref<HTMLInputElement>;
}

export function Field({ label, hint, error, beside, type, ...input }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const isPassword = type === "password";
  const note = error ?? hint;
  const field = (
    <input
      {...input}
      id={id}
      type={isPassword && shown ? "text" : type}
      className="input"
      aria-invalid={error ? true : undefined}
      aria-describedby={note ? `${id}-note` : undefined}
    />
  );
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      {isPassword ? (
        <div className="input-wrap">
          {field}
          <button
            type="button"
            className="btn btn-ghost btn-icon"
            aria-label={shown ? "Hide password" : "Show password"}
            onClick={() => setShown(!shown)}
          >
            {shown ? <EyeOff className="i" aria-hidden="true" /> : <Eye className="i" aria-hidden="true" />}
          </button>
        </div>
      ) : (
        field
      )}
      {note && (
        <p className={error ? "hint hint-error" : "hint"} id={`${id}-note`}>
          {error && <CircleAlert className="i i-sm" aria-hidden="true" />}
          {note}
        </p>
      )}
      {/* Last, so that the Tab key goes from field to field. */}
      {beside && <span className="beside">{beside}</span>}
    </div>
  );
}
