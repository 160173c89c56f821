// Who somebody is to others: the name, and the address.
import { type ReactNode, useState } from "react";
import { Field } from "@/components/ui/field";
import { FormNotice, Submit } from "@/components/ui/form-parts";
import { Panel, Said } from "@/components/ui/panel";
import { useSession } from "@/lib/auth-session";
import { saveName } from "@/lib/profile";
import { useForm } from "@/lib/use-form";
import { changeEmail } from "../api/security";
import { checkEmail, checkName } from "../model/check";

export function NamePanel() {
  const name = useSession((state) => state.user?.name ?? "");
  const [saved, setSaved] = useState(false);
  const form = useForm(
    { name },
    {
      check: checkName,
      submit: async (fields) => {
        await saveName(fields.name.trim());
        setSaved(true);
      },
    },
  );
  return (
    <Panel title="Your name" note="Others see it beside what you write in a room.">
      <form onSubmit={form.onSubmit} noValidate aria-label="Change the name" onInput={() => setSaved(false)}>
        <FormNotice failure={form.failure} />
        <Field label="Name" type="text" autoComplete="name" {...form.bind("name")} />
        <div className="btn-row">
          <Submit form={form} words="Save the name" busyWords="Saving…" />
          <Said>{saved && "Saved"}</Said>
        </div>
      </form>
    </Panel>
  );
}

/** `sendAgain` has the mail sent once more that confirms the address. */
export function EmailPanel({ sendAgain }: { sendAgain: ReactNode }) {
  const email = useSession((state) => state.user?.email ?? "");
  const verified = useSession((state) => state.user?.emailVerified === true);
  const [sentTo, setSentTo] = useState<string>();
  const form = useForm(
    { email: "" },
    {
      check: checkEmail,
      submit: async (fields) => {
        await changeEmail(fields.email.trim());
        setSentTo(fields.email.trim());
        form.clear();
      },
    },
  );
  return (
    <Panel title="E-mail" note="You sign in with it, and a forgotten password is mended through it.">
      <div className="btn-row">
        <b className="[overflow-wrap:anywhere]">{email}</b>
        <span className={verified ? "state ready" : "state waiting"}>
          {verified ? "Confirmed" : "Not confirmed yet"}
        </span>
      </div>
      {!verified && (
        <div className="btn-row">
          <span className="dim grow">
            Open the link in the mail we sent there. Until then, nobody knows that it is yours.
          </span>
          {sendAgain}
        </div>
      )}
      <form onSubmit={form.onSubmit} noValidate aria-label="Change the address">
        <FormNotice failure={form.failure} />
        <Field label="New e-mail" type="email" autoComplete="email" {...form.bind("email")} />
        <div className="btn-row">
          <Submit form={form} words="Change the e-mail" busyWords="Sending…" quiet />
          <Said>{sentTo && `A link is on its way to ${sentTo}. It becomes yours here when you open that.`}</Said>
        </div>
      </form>
    </Panel>
  );
}
