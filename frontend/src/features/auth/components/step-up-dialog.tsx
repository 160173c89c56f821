// Asks for a fresh proof of who is there: the code of the second step where there is one, else the password, else
// another visit to a provider. The call that wanted it waits, see lib/step-up.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { CodeField } from "@/components/ui/code-field";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FormNotice, Submit } from "@/components/ui/form-parts";
import { useSession } from "@/lib/auth-session";
import { type CodeKind, codeFault, plainCode } from "@/lib/codes";
import { identitiesQuery } from "@/lib/providers";
import { settleProof } from "@/lib/step-up";
import { useForm } from "@/lib/use-form";
import { prove } from "../api/auth";
import { tooManyTries } from "../model/too-many-tries";
import { ProviderButtons } from "./provider-buttons";

export default function StepUpDialog({ here }: { here: string }) {
  const mfaEnabled = useSession((state) => state.user?.mfaEnabled === true);
  const ways = useQuery(identitiesQuery);
  const linked = ways.data?.items.map((identity) => identity.provider) ?? [];
  // Until it is known otherwise, there is a password.
  const hasPassword = ways.data?.hasPassword ?? true;
  const rather = () => settleProof(undefined);
  return (
    <Dialog title="Is it still you?" onClose={rather}>
      <div className="expired">
        {mfaEnabled || hasPassword ? (
          <>
            <p>This is worth a second look. Once you have shown that it is you, that holds for five minutes.</p>
            <ProofForm kind={mfaEnabled ? "app" : "password"} onClose={rather} />
            {!mfaEnabled && <ProviderButtons next={here} among={linked} />}
          </>
        ) : (
          <>
            <p>This is worth a second look. Your account has no password: sign in again, then do this once more.</p>
            <ProviderButtons next={here} among={linked} alone />
            <button type="button" className="btn" onClick={rather}>
              Not now
            </button>
          </>
        )}
      </div>
    </Dialog>
  );
}

type ProofKind = CodeKind | "password";

function ProofForm({ kind: first, onClose }: { kind: ProofKind; onClose: () => void }) {
  const [kind, setKind] = useState(first);
  const form = useForm(
    { proof: "" },
    {
      check: ({ proof }) => {
        const fault = kind === "password" ? (proof === "" ? "Write your password" : undefined) : codeFault(proof, kind);
        return fault === undefined ? {} : { proof: fault };
      },
      submit: async ({ proof }) => {
        settleProof(await prove(kind === "password" ? { password: proof } : { code: plainCode(proof, kind) }));
      },
      words: (error) => {
        if (error.status === 429) return tooManyTries(error);
        if (error.status !== 401 && error.status !== 403) return undefined;
        return kind === "password" ? "The password is wrong." : "That code is not right, or it has been used.";
      },
    },
  );
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Show that it is you">
      <FormNotice failure={form.failure} />
      {kind === "password" ? (
        <Field label="Password" type="password" autoComplete="current-password" {...form.bind("proof")} />
      ) : (
        <CodeField kind={kind} caret {...form.bind("proof")} />
      )}
      <div className="row-between">
        {kind === "password" ? (
          <span />
        ) : (
          <button
            type="button"
            className="btn btn-ghost"
            onClick={() => {
              setKind(kind === "app" ? "recovery" : "app");
              form.clear();
            }}
          >
            {kind === "app" ? "Use a recovery code" : "Use the app"}
          </button>
        )}
        <div className="btn-row">
          <button type="button" className="btn" onClick={onClose}>
            Not now
          </button>
          <Submit form={form} words="Go on" busyWords="Checking…" />
        </div>
      </div>
    </form>
  );
}
