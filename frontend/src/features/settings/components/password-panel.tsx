// The password: changed by who knows the old one, or set by mail where there is none yet.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Field } from "@/components/ui/field";
import { FormNotice, NewPasswordField, Submit } from "@/components/ui/form-parts";
import { Panel, Said } from "@/components/ui/panel";
import { errorWords } from "@/lib/api-client";
import { useSession } from "@/lib/auth-session";
import { identitiesQuery } from "@/lib/providers";
import { useForm } from "@/lib/use-form";
import { changePassword, sendPasswordMail } from "../api/security";
import { checkPasswords } from "../model/check";

export function PasswordPanel() {
  const hasPassword = useQuery(identitiesQuery).data?.hasPassword ?? true;
  return (
    <Panel
      title="Password"
      note={
        hasPassword
          ? "Changing it signs you out everywhere else."
          : "Your account has none: you sign in with another service. With a password you could also sign in without it."
      }
    >
      {hasPassword ? <ChangeForm /> : <SetByMail />}
    </Panel>
  );
}

function ChangeForm() {
  const email = useSession((state) => state.user?.email ?? "");
  const [changed, setChanged] = useState(false);
  const form = useForm(
    { currentPassword: "", newPassword: "" },
    {
      check: checkPasswords,
      submit: async (fields) => {
        await changePassword(fields.currentPassword, fields.newPassword);
        form.clear();
        setChanged(true);
      },
      words: (error) => (error.code === "wrong_password" ? "The current password is wrong." : undefined),
    },
  );
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Change the password" onInput={() => setChanged(false)}>
      <FormNotice failure={form.failure} />
      {/* Tells a password manager whose password this is. */}
      <input
        className="sr"
        type="text"
        autoComplete="username"
        value={email}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <Field
        label="Current password"
        type="password"
        autoComplete="current-password"
        {...form.bind("currentPassword")}
      />
      <NewPasswordField label="New password" {...form.bind("newPassword")} />
      <div className="btn-row">
        <Submit form={form} words="Change the password" busyWords="Changing…" quiet />
        <Said>{changed && "Changed. You are signed out everywhere else."}</Said>
      </div>
    </form>
  );
}

function SetByMail() {
  const email = useSession((state) => state.user?.email ?? "");
  const { mutate, isPending, isSuccess, error } = useMutation({ mutationFn: sendPasswordMail });
  return (
    <>
      <FormNotice failure={error ? { words: errorWords(error) } : undefined} />
      <div className="btn-row">
        <button type="button" className="btn" aria-disabled={isPending} onClick={() => !isPending && mutate(email)}>
          {isPending && <span className="nib" />}
          {isPending ? "Sending…" : "Send me a link that sets one"}
        </button>
        <Said>{isSuccess && `A link is on its way to ${email}.`}</Said>
      </div>
    </>
  );
}
