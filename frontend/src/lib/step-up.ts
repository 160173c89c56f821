// The proof that it is still the user: asked for when the server wants one for a grave call, kept in memory for as long
// as it holds, gone with the session. The dialog that asks is features/auth/components/step-up-dialog.
import { create } from "zustand";
import { useSession } from "./auth-session";

/** The code of a call that wants a proof. */
export const PROOF_WANTED = "step_up_required";
/** A proof holds for 5 minutes; it is not used in its last seconds. */
const HOLDS_MS = 290_000;

/** Whether the user is being asked. */
export const useStepUp = create<{ asking: boolean }>(() => ({ asking: false }));

let proof: { value: string; endsAt: number } | null = null;
let asked: { answer: Promise<string | undefined>; settle: (value: string | undefined) => void } | null = null;

/** The proof at hand, if it still holds. */
export function heldProof(): string | undefined {
  return proof && proof.endsAt > Date.now() ? proof.value : undefined;
}

/** Asks the user, once for all calls that wait. Undefined when they would rather not. */
export function askForProof(): Promise<string | undefined> {
  proof = null;
  if (!asked) {
    let settle: (value: string | undefined) => void = () => undefined;
    const answer = new Promise<string | undefined>((resolve) => {
      settle = resolve;
    });
    asked = { answer, settle };
    useStepUp.setState({ asking: true });
  }
  return asked.answer;
}

/** The answer of the dialog: a proof, or nothing when it was closed. */
export function settleProof(value: string | undefined): void {
  proof = value === undefined ? null : { value, endsAt: Date.now() + HOLDS_MS };
  asked?.settle(value);
  asked = null;
  useStepUp.setState({ asking: false });
}

// A proof is bound to its session: another user, or none, has none.
useSession.subscribe((now, before) => {
  if (now.status !== before.status || now.user?.id !== before.user?.id) settleProof(undefined);
});
