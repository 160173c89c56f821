// The forms that begin a session. Errors are said at the form and at the field; what was typed stays.
import { useState } from "react";
import { Link } from "react-router";
import { CodeField } from "@/components/ui/code-field";
import { Field } from "@/components/ui/field";
import { FormNotice, NewPasswordField, Submit } from "@/components/ui/form-parts";
import { ApiError } from "@/lib/api-client";
import { type CodeKind, codeFault, plainCode } from "@/lib/codes";
import { useForm } from "@/lib/use-form";
import { answerChallenge, register, signIn } from "../api/auth";
import { checkRegister, checkSignIn } from "../model/check";
import { tooManyTries } from "../model/too-many-tries";

/** How long the second step waits for a code. */
const CHALLENGE_MS = 5 * 60_000;

interface SignInFormProps {
  email?: string;
  /** The account has a second step, whose token this is. */
  onChallenge: (mfaToken: string) => void;
}

export function SignInForm({ email = "", onChallenge }: SignInFormProps) {
  const form = useForm(
    { email, password: "" },
    {
      check: checkSignIn,
      submit: async (fields) => {
        const mfaToken = await signIn({ email: fields.email.trim(), password: fields.password });
        if (mfaToken !== undefined) onChallenge(mfaToken);
      },
      words: (error) => (error.status === 401 ? "The e-mail or the password is wrong." : tooManyTries(error)),
    },
  );
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Sign in">
      <FormNotice failure={form.failure} />
      <Field label="E-mail" type="email" autoComplete="username" {...form.bind("email")} />
      <Field
        label="Password"
        type="password"
        autoComplete="current-password"
        beside={
          <Link className="link text-12" to="/forgot-password">
            Forgot it?
          </Link>
        }
        {...form.bind("password")}
      />
      <Submit form={form} words="Sign in" busyWords="Signing in…" large />
    </form>
  );
}

interface ChallengeFormProps {
  mfaToken: string;
  /** For where no guard waits for the session. */
  onDone?: () => void;
  /** Back to the first step, with the reason when this one can go no further. */
  onBack: (reason?: string) => void;
}

export function ChallengeForm({ mfaToken, onDone, onBack }: ChallengeFormProps) {
  const [kind, setKind] = useState<CodeKind>("app");
  const [begun] = useState(Date.now);
  const form = useForm(
    { code: "" },
    {
      check: ({ code }) => {
        const fault = codeFault(code, kind);
        return fault === undefined ? {} : { code: fault };
      },
      submit: async ({ code }) => {
        try {
          await answerChallenge(mfaToken, plainCode(code, kind));
        } catch (error) {
          // The server does not say whether it is the code or the time.
          const late = Date.now() - begun > CHALLENGE_MS && error instanceof ApiError && error.status === 401;
          if (!late) throw error;
          onBack("That took too long. Sign in again.");
          return;
        }
        onDone?.();
      },
      words: (error) => {
        if (error.status !== 401) return tooManyTries(error);
        return kind === "app"
          ? "That code is not right. Take the one that your app shows now."
          : "That is not one of your recovery codes, or it has been used.";
      },
    },
  );
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Second step">
      <FormNotice failure={form.failure} />
      <CodeField kind={kind} caret {...form.bind("code")} />
      <Submit form={form} words="Go on" busyWords="Checking…" large />
      <div className="row-between">
        <button type="button" className="btn btn-ghost" onClick={() => onBack()}>
          Back
        </button>
        <button
          type="button"
          className="btn btn-ghost"
          onClick={() => {
            setKind(kind === "app" ? "recovery" : "app");
            form.clear();
          }}
        >
          {kind === "app" ? "Use a recovery code instead" : "Use the app instead"}
        </button>
      </div>
    </form>
  );
}

export function RegisterForm() {
  const form = useForm(
    { name: "", email: "", password: "" },
    {
      check: checkRegister,
      submit: (fields) => register({ name: fields.name.trim(), email: fields.email.trim(), password: fields.password }),
      words: (error) =>
        error.code === "email_taken" ? "There is an account with this e-mail. Sign in instead." : undefined,
    },
  );
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Create an account">
      <FormNotice failure={form.failure} />
      <Field label="Name" type="text" autoComplete="name" {...form.bind("name")} />
      <Field label="E-mail" type="email" autoComplete="username" {...form.bind("email")} />
      <NewPasswordField label="Password" {...form.bind("password")} />
      <Submit form={form} words="Create account" busyWords="Creating…" large />
    </form>
  );
}
