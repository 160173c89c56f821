// The state of a form: its check, its call, the server's word, the time to wait, and where the caret goes on an error.
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiError, errorWords, isUnproved } from "./api-client";
import type { FieldErrors } from "./fields";
import { fieldSentence } from "./words";

/** Why the form was not taken, until when it cannot be sent again, and whether that time is over. */
export interface FormFailure {
  words: string;
  until?: number | undefined;
  over?: boolean;
}

interface Form<T extends Record<string, string>> {
  check: (fields: T) => FieldErrors<keyof T>;
  submit: (fields: T) => Promise<void>;
  /** The server's codes in words for this form. */
  words?: (error: ApiError) => string | undefined;
}

export function useForm<T extends Record<string, string>>(initial: T, form: Form<T>) {
  const [fields, setFields] = useState(initial);
  const [errors, setErrors] = useState<FieldErrors<keyof T>>({});
  const [failure, setFailure] = useState<FormFailure>();
  const [busy, setBusy] = useState(false);
  const inputs = useRef<Partial<Record<keyof T, HTMLInputElement | null>>>({});
  const until = failure?.until;
  useEffect(() => {
    if (until === undefined) return;
    const timer = setTimeout(() => setFailure({ words: "You can try again now.", over: true }), until - Date.now());
    return () => clearTimeout(timer);
  }, [until]);

  function show(found: FieldErrors<keyof T>) {
    setErrors(found);
    const first = Object.keys(initial).find((name) => found[name]);
    if (first) inputs.current[first]?.focus();
  }

  function refuse(error: unknown) {
    // Whoever closed the question knows why nothing was done.
    if (isUnproved(error)) return;
    if (!(error instanceof ApiError)) {
      setFailure({ words: errorWords(error) });
      return;
    }
    const named: FieldErrors<keyof T> = {};
    for (const { field, message } of error.fields) {
      if (field in initial) named[field as keyof T] ??= fieldSentence({ field, message });
    }
    show(named);
    const marked = Object.keys(named).length > 0 ? "Look at the marked fields." : undefined;
    setFailure({
      words: form.words?.(error) ?? marked ?? errorWords(error),
      until: error.retryAfter === undefined ? undefined : Date.now() + error.retryAfter * 1000,
    });
  }

  async function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (busy || until !== undefined) return;
    setFailure(undefined);
    const found = form.check(fields);
    show(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await form.submit(fields);
    } catch (error) {
      refuse(error);
    } finally {
      setBusy(false);
    }
  }

  function set(name: keyof T & string, value: string) {
    setFields((old) => ({ ...old, [name]: value }));
    if (errors[name]) setErrors((old) => ({ ...old, [name]: undefined }));
  }

  function bind(name: keyof T & string) {
    return {
      name,
      value: fields[name],
      error: errors[name],
      ref: (input: HTMLInputElement | null) => {
        inputs.current[name] = input;
      },
      onChange: (event: { target: { value: string } }) => set(name, event.target.value),
    };
  }

  /** The fields as they were at the beginning, and nothing said about them. */
  function clear() {
    setFields(initial);
    setErrors({});
    setFailure(undefined);
  }
  return { fields, set, bind, busy, waiting: until !== undefined, failure, onSubmit, clear };
}
