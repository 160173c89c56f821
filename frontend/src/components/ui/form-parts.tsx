// What forms have in common: the word about a refusal with the time to wait, the button that sends, a new password.
import "@/styles/account.css";
import { CircleAlert, CircleCheck } from "lucide-react";
import { useEffect, useState } from "react";
import { PASSWORD_MAX, PASSWORD_MIN } from "@/config/limits";
import type { FormFailure } from "@/lib/use-form";
import { stopwatch } from "@/lib/words";
import { Field, type FieldProps } from "./field";

/** Said at once, and once: the time that runs down beside it is for the eye only. */
export function FormNotice({ failure }: { failure: FormFailure | undefined }) {
  if (!failure) return null;
  if (failure.over) {
    return (
      <div className="banner" role="status">
        <CircleCheck className="i" aria-hidden="true" />
        <span className="grow">{failure.words}</span>
      </div>
    );
  }
  return (
    <div className="banner danger" role="alert">
      <CircleAlert className="i" aria-hidden="true" />
      <span className="grow">{failure.words}</span>
      {failure.until !== undefined && <TimeLeft until={failure.until} />}
    </div>
  );
}

function TimeLeft({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="num faint" aria-hidden="true">
      {stopwatch(until - now + 999)}
    </span>
  );
}

interface SubmitProps {
  words: string;
  busyWords: string;
  /** The state of the form, see lib/use-form. */
  form: { busy: boolean; waiting: boolean };
  /** The one big button of a sign-in page. */
  large?: boolean;
  danger?: boolean;
  /** Beside another that is the main one of the view. */
  quiet?: boolean;
}

export function Submit({ words, busyWords, form, large = false, danger = false, quiet = false }: SubmitProps) {
  const look = `btn ${danger ? "btn-danger" : quiet ? "" : "btn-primary"} ${large ? "btn-lg btn-block" : ""}`;
  return (
    <button type="submit" className={look} aria-disabled={form.busy || form.waiting}>
      {form.busy && <span className="nib" />}
      {form.busy ? busyWords : words}
    </button>
  );
}

export function NewPasswordField(props: Omit<FieldProps, "type" | "hint" | "autoComplete">) {
  return (
    <Field
      {...props}
      type="password"
      autoComplete="new-password"
      hint={`${PASSWORD_MIN} to ${PASSWORD_MAX} characters. A few words that do not belong together are good.`}
    />
  );
}
