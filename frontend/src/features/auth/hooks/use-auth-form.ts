// The state of a sign-in or register form: its check, its call, the server's word, and where the caret goes on an error.
import { type FormEvent, useRef, useState } from "react";
import { ApiError, errorWords } from "@/lib/api-client";
import { fieldSentence } from "@/lib/words";
import type { FieldErrors } from "../model/check";

type FieldName = keyof FieldErrors;

interface AuthForm<T extends Partial<Record<FieldName, string>>> {
  check: (fields: T) => FieldErrors;
  submit: (fields: T) => Promise<void>;
  /** The server's codes in words for this form. */
  words: (error: ApiError) => string | undefined;
}

export function useAuthForm<T extends Partial<Record<FieldName, string>>>(initial: T, form: AuthForm<T>) {
  const [fields, setFields] = useState(initial);
  const [errors, setErrors] = useState<FieldErrors>({});
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const inputs = useRef<Partial<Record<FieldName, HTMLInputElement | null>>>({});

  function show(found: FieldErrors) {
    setErrors(found);
    const first = (Object.keys(initial) as FieldName[]).find((name) => found[name]);
    if (first) inputs.current[first]?.focus();
  }

  async function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    setFailure(undefined);
    const found = form.check(fields);
    show(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await form.submit(fields);
    } catch (error) {
      if (error instanceof ApiError) {
        const named: FieldErrors = {};
        for (const { field, message } of error.fields) {
          if (field in initial) named[field as FieldName] ??= fieldSentence({ field, message });
        }
        show(named);
        setFailure(
          form.words(error) ?? (Object.keys(named).length > 0 ? "Look at the marked fields." : errorWords(error)),
        );
      } else {
        setFailure(errorWords(error));
      }
    } finally {
      setBusy(false);
    }
  }

  function bind(name: FieldName & keyof T) {
    return {
      name,
      value: fields[name] ?? "",
      error: errors[name],
      ref: (input: HTMLInputElement | null) => {
        inputs.current[name] = input;
      },
      onChange: (event: { target: { value: string } }) => {
        setFields((old) => ({ ...old, [name]: event.target.value }));
        if (errors[name]) setErrors((old) => ({ ...old, [name]: undefined }));
      },
    };
  }
  return { bind, busy, failure, onSubmit };
}
