// A field for a code of the second step: six digits of the app, or a recovery code instead.
import { useEffect, useRef } from "react";
import type { CodeKind } from "@/lib/codes";
import { Field, type FieldProps } from "./field";

interface CodeFieldProps extends Omit<FieldProps, "label" | "hint" | "type" | "ref"> {
  kind: CodeKind;
  ref: (input: HTMLInputElement | null) => void;
  /** Puts the caret here when the field comes, and when its kind changes. */
  caret?: boolean;
}

export function CodeField({ kind, ref, caret = false, ...input }: CodeFieldProps) {
  const box = useRef<HTMLInputElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another kind is another question
  useEffect(() => {
    if (caret) box.current?.focus();
  }, [caret, kind]);
  const app = kind === "app";
  return (
    <Field
      {...input}
      ref={(element) => {
        box.current = element;
        ref(element);
      }}
      type="text"
      label={app ? "Code from your app" : "Recovery code"}
      hint={app ? "Six digits. They change every 30 seconds." : "One of those you kept. Each works once."}
      inputMode={app ? "numeric" : "text"}
      autoComplete={app ? "one-time-code" : "off"}
      autoCapitalize="none"
      spellCheck={false}
    />
  );
}
