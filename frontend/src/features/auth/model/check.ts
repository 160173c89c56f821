// What a form can say about its fields before the server has to. Pure. The server's own word always comes last.
import * as z from "zod/mini";
import { PASSWORD_MAX, PASSWORD_MIN } from "@/config/limits";

// Without this zod probes for eval, which the page's policy reports.
z.config({ jitless: true });

export type FieldErrors = Partial<Record<"name" | "email" | "password", string>>;

const characters = (text: string) => [...text].length;

const email = z.string().check(
  z.trim(),
  z.minLength(1, "Write your e-mail address"),
  z.refine((text) => text === "" || text.includes("@"), "Add the part after your name, such as @example.org"),
  z.refine(
    (text) => !text.includes("@") || /^[^@\s]+@[^@\s]+\.[^@\s.]+$/.test(text),
    "Add the part after the dot, such as .org",
  ),
);

const signInShape = z.object({
  email,
  password: z.string().check(z.minLength(1, "Write your password")),
});

const registerShape = z.object({
  name: z.string().check(z.trim(), z.minLength(1, "Write the name others should see")),
  email,
  password: z.string().check(
    z.refine((text) => characters(text) >= PASSWORD_MIN, `Use at least ${PASSWORD_MIN} characters`),
    z.refine((text) => characters(text) <= PASSWORD_MAX, `Use at most ${PASSWORD_MAX} characters`),
  ),
});

export function checkSignIn(fields: { email: string; password: string }): FieldErrors {
  return errorsOf(signInShape.safeParse(fields));
}

export function checkRegister(fields: { name: string; email: string; password: string }): FieldErrors {
  return errorsOf(registerShape.safeParse(fields));
}

function errorsOf(result: {
  success: boolean;
  error?: { issues: readonly { path: readonly PropertyKey[]; message: string }[] };
}): FieldErrors {
  const errors: FieldErrors = {};
  for (const issue of result.error?.issues ?? []) {
    const field = issue.path[0] as keyof FieldErrors;
    errors[field] ??= issue.message;
  }
  return errors;
}
