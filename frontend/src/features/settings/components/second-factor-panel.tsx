// The second step of signing in: an app that shows codes. Off, being set up, its recovery codes, on.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "@/api/keys";
import type { TotpEnrolment } from "@/api/types";
import { CodeField } from "@/components/ui/code-field";
import { Confirm } from "@/components/ui/confirm";
import { CopyButton } from "@/components/ui/copy-button";
import { FormNotice, Submit } from "@/components/ui/form-parts";
import { Panel } from "@/components/ui/panel";
import { showToast } from "@/components/ui/toast";
import { errorWords, isUnproved } from "@/lib/api-client";
import { useSession } from "@/lib/auth-session";
import { codeFault, plainCode } from "@/lib/codes";
import { readProfile } from "@/lib/profile";
import { useForm } from "@/lib/use-form";
import { count } from "@/lib/words";
import {
  beginSecondFactor,
  renewRecoveryCodes,
  secondFactorQuery,
  turnOffSecondFactor,
  turnOnSecondFactor,
} from "../api/security";
import { RecoveryCodes } from "./recovery-codes";

type Step = { at: "rest" } | { at: "enrol"; enrolment: TotpEnrolment } | { at: "codes"; codes: string[] };

export function SecondFactorPanel() {
  const on = useSession((state) => state.user?.mfaEnabled === true);
  const email = useSession((state) => state.user?.email ?? "");
  const [step, setStep] = useState<Step>({ at: "rest" });
  const rest = () => setStep({ at: "rest" });
  return (
    <Panel
      title="Second step"
      note="After your password, signing in asks for a code that an app on your phone shows. Whoever learns your password cannot use it alone then."
    >
      {step.at === "enrol" && (
        <Enrol enrolment={step.enrolment} onCodes={(codes) => setStep({ at: "codes", codes })} onCancel={rest} />
      )}
      {step.at === "codes" && <RecoveryCodes codes={step.codes} email={email} onKept={rest} />}
      {step.at === "rest" && !on && <Off onBegin={(enrolment) => setStep({ at: "enrol", enrolment })} />}
      {step.at === "rest" && on && <On onCodes={(codes) => setStep({ at: "codes", codes })} />}
    </Panel>
  );
}

function Off({ onBegin }: { onBegin: (enrolment: TotpEnrolment) => void }) {
  const { mutate, isPending, error } = useMutation({ mutationFn: beginSecondFactor, onSuccess: onBegin });
  return (
    <>
      <FormNotice failure={error && !isUnproved(error) ? { words: errorWords(error) } : undefined} />
      <div className="btn-row">
        <span className="state">Off</span>
        <button type="button" className="btn" aria-disabled={isPending} onClick={() => !isPending && mutate()}>
          {isPending && <span className="nib" />}
          {isPending ? "Preparing…" : "Set it up"}
        </button>
      </div>
    </>
  );
}

interface EnrolProps {
  enrolment: TotpEnrolment;
  onCodes: (codes: string[]) => void;
  onCancel: () => void;
}

function Enrol({ enrolment, onCodes, onCancel }: EnrolProps) {
  const client = useQueryClient();
  const form = useForm(
    { code: "" },
    {
      check: ({ code }) => {
        const fault = codeFault(code, "app");
        return fault === undefined ? {} : { code: fault };
      },
      submit: async ({ code }) => {
        const codes = await turnOnSecondFactor(plainCode(code, "app"));
        onCodes(codes);
        void client.invalidateQueries({ queryKey: keys.secondFactor });
        await readProfile().catch(() => undefined);
      },
      words: (error) =>
        error.status === 401 || error.status === 422
          ? "That code is not right. Take the one that your app shows now, and look whether the clock of your phone is right."
          : undefined,
    },
  );
  const { secret, otpauthUrl, qrCode } = enrolment;
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Set up the second step">
      <div className="enrol">
        {qrCode.startsWith("data:image/png;base64,") && (
          <img src={qrCode} alt="QR code that adds this account to an app" width="168" height="168" />
        )}
        <div>
          <p>
            1. Scan this with an app for one-time codes, such as Aegis, 1Password or Google Authenticator.{" "}
            <a className="link" href={otpauthUrl}>
              The app is on this device
            </a>
          </p>
          <div>
            <p className="dim">Or type this key into it:</p>
            <div className="secret">
              <code>{inFours(secret)}</code>
              <CopyButton text={() => secret} label="Copy the key" />
            </div>
          </div>
          <p>2. Write the code that the app shows.</p>
          <FormNotice failure={form.failure} />
          <CodeField kind="app" caret {...form.bind("code")} />
          <div className="btn-row">
            <Submit form={form} words="Turn it on" busyWords="Checking…" />
            <button type="button" className="btn" onClick={onCancel}>
              Not now
            </button>
          </div>
        </div>
      </div>
    </form>
  );
}

function On({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const [asking, setAsking] = useState<"off" | "codes">();
  const left = useQuery(secondFactorQuery).data?.recoveryCodesLeft;
  const client = useQueryClient();
  const close = () => setAsking(undefined);
  async function turnOff() {
    await turnOffSecondFactor();
    await readProfile();
    showToast("The second step is off. You are signed out everywhere else.");
  }
  async function renew() {
    const codes = await renewRecoveryCodes();
    void client.invalidateQueries({ queryKey: keys.secondFactor });
    onCodes(codes);
  }
  return (
    <div className="btn-row">
      <span className="state ready">On</span>
      {left !== undefined && (
        <span className={left < 3 ? "hint-error" : "dim"}>{count(left, "recovery code")} left</span>
      )}
      <button type="button" className="btn" onClick={() => setAsking("codes")}>
        New recovery codes
      </button>
      <button type="button" className="btn" onClick={() => setAsking("off")}>
        Turn it off
      </button>
      {asking === "codes" && (
        <Confirm
          title="Make new recovery codes?"
          act="Make new ones"
          acting="Making…"
          rather="Keep the old ones"
          mild
          run={renew}
          onClose={close}
        >
          <p>Those you have stop working at once. The new ones are shown once.</p>
        </Confirm>
      )}
      {asking === "off" && (
        <Confirm
          title="Turn the second step off?"
          act="Turn it off"
          acting="Turning it off…"
          rather="Keep it on"
          run={turnOff}
          onClose={close}
        >
          <p>
            Your password alone opens your account then. The recovery codes stop working, and you are signed out
            elsewhere.
          </p>
        </Confirm>
      )}
    </div>
  );
}

/** "ABCD EFGH": read more easily, and typed with fewer mistakes. */
function inFours(secret: string): string {
  return secret.replace(/(.{4})(?=.)/g, "$1 ");
}
