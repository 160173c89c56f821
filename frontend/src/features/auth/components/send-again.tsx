// Has the mail that confirms an address sent once more.
import { useMutation } from "@tanstack/react-query";
import { errorWords } from "@/lib/api-client";
import { useSession } from "@/lib/auth-session";
import { sendVerifyMail } from "../api/mail";

export function SendAgain() {
  const email = useSession((state) => state.user?.email);
  const { mutate, isPending, isSuccess, error } = useMutation({ mutationFn: sendVerifyMail });
  return (
    <>
      <button type="button" className="btn" aria-disabled={isPending} onClick={() => !isPending && mutate()}>
        {isPending && <span className="nib" />}
        {isPending ? "Sending…" : isSuccess ? "Send again" : "Send a new link"}
      </button>
      <span role="status">{isSuccess && `A new link is on its way to ${email}.`}</span>
      {error && (
        <span className="hint hint-error" role="alert">
          {errorWords(error)}
        </span>
      )}
    </>
  );
}
