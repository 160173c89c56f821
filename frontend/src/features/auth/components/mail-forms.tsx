// What is begun by a mail: asking for a new password, choosing it, and confirming an address.
import { useMutation } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { Field } from "@/components/ui/field";
import { FormNotice, NewPasswordField, Submit } from "@/components/ui/form-parts";
import { ApiError, errorWords } from "@/lib/api-client";
import { endSession, useSession } from "@/lib/auth-session";
import { readProfile } from "@/lib/profile";
import { useForm } from "@/lib/use-form";
import { resetPassword, sendResetMail, verifyEmail } from "../api/mail";
import { checkForgotten, checkReset } from "../model/check";
import { SendAgain } from "./send-again";

export function ForgottenForm({ email = "" }: { email?: string }) {
  const [sentTo, setSentTo] = useState<string>();
  const form = useForm(
    { email },
    {
      check: checkForgotten,
      submit: async (fields) => {
        await sendResetMail(fields.email.trim());
        setSentTo(fields.email.trim());
      },
    },
  );
  if (sentTo !== undefined) {
    return (
      <>
        <Done>
          If there is an account with <b>{sentTo}</b>, a mail with a link is on its way to it. The link works for one
          hour, once.
        </Done>
        <p className="dim">Nothing there after a few minutes? Look where your mail keeps junk.</p>
        <button type="button" className="btn btn-lg btn-block" onClick={() => setSentTo(undefined)}>
          Use another address
        </button>
      </>
    );
  }
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Forgotten password">
      <FormNotice failure={form.failure} />
      <Field label="E-mail" type="email" autoComplete="username" {...form.bind("email")} />
      <Submit form={form} words="Send me a link" busyWords="Sending…" large />
    </form>
  );
}

export function ResetForm({ token }: { token: string | undefined }) {
  const [done, setDone] = useState(false);
  const [over, setOver] = useState(false);
  const form = useForm(
    { newPassword: "" },
    {
      check: checkReset,
      submit: async (fields) => {
        try {
          await resetPassword(token ?? "", fields.newPassword);
        } catch (error) {
          if (!isOver(error)) throw error;
          setOver(true);
          return;
        }
        // Every session ended with the old password, the one of this browser too.
        if (useSession.getState().status !== "signed-out") endSession();
        setDone(true);
      },
    },
  );
  if (done) {
    return (
      <>
        <Done>Your new password is set, and you are signed out everywhere.</Done>
        <Link className="btn btn-primary btn-lg btn-block" to="/sign-in">
          Sign in
        </Link>
      </>
    );
  }
  if (token === undefined || over) return <LinkOver missing={token === undefined} />;
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Choose a password">
      <FormNotice failure={form.failure} />
      <NewPasswordField label="New password" {...form.bind("newPassword")} />
      <Submit form={form} words="Set the password" busyWords="Setting…" large />
    </form>
  );
}

function LinkOver({ missing }: { missing: boolean }) {
  return (
    <>
      <div className="banner danger" role="alert">
        <span className="grow">
          {missing
            ? "The link is not whole. Open it from the mail again, or have a new one sent."
            : "This link has been used, or its hour is over. Have a new one sent."}
        </span>
      </div>
      <Link className="btn btn-primary btn-lg btn-block" to="/forgot-password">
        Send me a new link
      </Link>
    </>
  );
}

/**
 * Confirms an address. Programs that look through mail open links too, and would confirm an address for whoever wrote
 * it down: so somebody must press a button, unless this browser is signed in.
 */
export function VerifyPanel({ token }: { token: string | undefined }) {
  const signedIn = useSession((state) => state.status === "signed-in");
  const { mutate, data, error, isPending } = useMutation({ mutationFn: confirm });
  const begun = useRef(false);
  useEffect(() => {
    if (!signedIn || token === undefined || begun.current) return;
    begun.current = true;
    mutate(token);
  }, [signedIn, token, mutate]);
  const done = data === "done";
  const over = token === undefined || data === "over";
  if (done) {
    return (
      <>
        <Done>Your address is confirmed.</Done>
        <Link className="btn btn-primary btn-lg btn-block" to={signedIn ? "/" : "/sign-in"}>
          {signedIn ? "Go on" : "Sign in"}
        </Link>
      </>
    );
  }
  if (over) return <VerifyOver missing={token === undefined} signedIn={signedIn} />;
  return (
    <form
      aria-label="Confirm the address"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPending) mutate(token);
      }}
    >
      <FormNotice failure={error === null ? undefined : { words: errorWords(error) }} />
      <Submit form={{ busy: isPending, waiting: false }} words="Confirm my address" busyWords="Confirming…" large />
    </form>
  );
}

async function confirm(token: string): Promise<"done" | "over"> {
  try {
    await verifyEmail(token);
  } catch (error) {
    if (isOver(error)) return "over";
    throw error;
  }
  if (useSession.getState().status === "signed-in") await readProfile().catch(() => undefined);
  return "done";
}

function VerifyOver({ missing, signedIn }: { missing: boolean; signedIn: boolean }) {
  return (
    <>
      <div className="banner danger" role="alert">
        <span className="grow">
          {missing
            ? "The link is not whole. Open it from the mail again."
            : "This link has been used, or its day is over. If your address is confirmed, all is well."}
        </span>
      </div>
      {signedIn ? (
        <SendAgain />
      ) : (
        <>
          <p className="dim">Sign in to see whether it is, and to have a new link sent.</p>
          <Link className="btn btn-primary btn-lg btn-block" to="/sign-in?next=/settings/profile">
            Sign in
          </Link>
        </>
      )}
    </>
  );
}

function Done({ children }: { children: ReactNode }) {
  return (
    <div className="banner live" role="status">
      <CircleCheck className="i" aria-hidden="true" />
      <span className="grow">{children}</span>
    </div>
  );
}

/** The token is known no more: used, replaced or too old. Anything else can be tried again. */
function isOver(error: unknown): boolean {
  return error instanceof ApiError && [400, 401, 404, 410].includes(error.status);
}
