// What a form can say about a field before the server has to. Pure. The server's own word always comes last.
import * as z from "zod/mini";
import { PASSWORD_MAX, PASSWORD_MIN } from "@/config/limits";

// Without this zod probes for eval, which the page's policy reports.
z.config({ jitless: true });

/** What is at fault in each field, as the sentence that is shown there. */
export type FieldErrors<Name extends PropertyKey = string> = Partial<Record<Name, string>>;

const characters = (text: string) => [...text].length;

export const emailField = z.string().check(
  z.trim(),
  z.minLength(1, "Write your e-mail address"),
  z.refine((text) => text === "" || text.includes("@"), "Add the part after your name, such as @example.org"),
  z.refine(
    (text) => !text.includes("@") || /^[^@\s]+@[^@\s]+\.[^@\s.]+$/.test(text),
    "Add the part after the dot, such as .org",
  ),
);

export const passwordField = z.string().check(z.minLength(1, "Write your password"));

export const newPasswordField = z.string().check(
  z.refine((text) => characters(text) >= PASSWORD_MIN, `Use at least ${PASSWORD_MIN} characters`),
  z.refine((text) => characters(text) <= PASSWORD_MAX, `Use at most ${PASSWORD_MAX} characters`),
);

export const nameField = z.string().check(z.trim(), z.minLength(1, "Write the name others should see"));

/** A check for a form: the first thing to mend in each field. */
export function checker<Shape extends Record<string, z.core.$ZodType>>(shape: Shape) {
  const whole = z.object(shape);
  return (fields: Record<keyof Shape & string, string>): FieldErrors<keyof Shape & string> => {
    const errors: FieldErrors<keyof Shape & string> = {};
    for (const issue of whole.safeParse(fields).error?.issues ?? []) {
      errors[issue.path[0] as keyof Shape & string] ??= issue.message;
    }
    return errors;
  };
}
