// The two forms. Errors are said at the form and at the field; what was typed stays.
import { CircleAlert } from "lucide-react";
import { PASSWORD_MAX, PASSWORD_MIN } from "@/config/limits";
import { ApiError } from "@/lib/api-client";
import { register, signIn } from "../api/auth";
import { useAuthForm } from "../hooks/use-auth-form";
import { checkRegister, checkSignIn } from "../model/check";
import { Field } from "./field";

export function SignInForm({ email = "", onDone }: { email?: string; onDone: () => void }) {
  const form = useAuthForm(
    { email, password: "" },
    {
      check: checkSignIn,
      submit: async (fields) => {
        const outcome = await signIn({ email: fields.email.trim(), password: fields.password });
        if (outcome === "mfa")
          throw new ApiError({
            status: 501,
            detail: "This account asks for a second factor, which this screen cannot take yet.",
          });
        onDone();
      },
      words: (error) => (error.status === 401 ? "The e-mail or the password is wrong." : undefined),
    },
  );
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Sign in">
      <Failure words={form.failure} />
      <Field label="E-mail" type="email" autoComplete="username" {...form.bind("email")} />
      <Field label="Password" type="password" autoComplete="current-password" {...form.bind("password")} />
      <Submit busy={form.busy} words="Sign in" busyWords="Signing in…" />
    </form>
  );
}

export function RegisterForm({ onDone }: { onDone: () => void }) {
  const form = useAuthForm(
    { name: "", email: "", password: "" },
    {
      check: checkRegister,
      submit: async (fields) => {
        await register({ name: fields.name.trim(), email: fields.email.trim(), password: fields.password });
        onDone();
      },
      words: (error) =>
        error.code === "email_taken" ? "There is an account with this e-mail. Sign in instead." : undefined,
    },
  );
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Create an account">
      <Failure words={form.failure} />
      <Field label="Name" type="text" autoComplete="name" {...form.bind("name")} />
      <Field label="E-mail" type="email" autoComplete="username" {...form.bind("email")} />
      <Field
        label="Password"
        type="password"
        autoComplete="new-password"
        hint={`${PASSWORD_MIN} to ${PASSWORD_MAX} characters. A few words that do not belong together are good.`}
        {...form.bind("password")}
      />
      <Submit busy={form.busy} words="Create account" busyWords="Creating…" />
    </form>
  );
}

function Failure({ words }: { words: string | undefined }) {
  if (!words) return null;
  return (
    <div className="banner danger" role="alert">
      <CircleAlert className="i" aria-hidden="true" />
      <span className="grow">{words}</span>
    </div>
  );
}

function Submit({ busy, words, busyWords }: { busy: boolean; words: string; busyWords: string }) {
  return (
    <button type="submit" className="btn btn-primary btn-lg btn-block" aria-disabled={busy}>
      {busy && <span className="nib" />}
      {busy ? busyWords : words}
    </button>
  );
}
