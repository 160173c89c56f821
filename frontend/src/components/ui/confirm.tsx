// Asks before what cannot be undone. The title asks, the text says what happens, the buttons name the act.
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { errorWords, isUnproved } from "@/lib/api-client";
import { Dialog } from "./dialog";
import { FormNotice, Submit } from "./form-parts";

interface ConfirmProps {
  title: string;
  children: ReactNode;
  /** "Delete the key", and "Deleting…" while it is done. */
  act: string;
  acting: string;
  /** "Keep it" */
  rather: string;
  /** Not grave enough for red. */
  mild?: boolean;
  run: () => Promise<unknown>;
  /** The server's codes in words. */
  words?: (error: unknown) => string | undefined;
  onClose: () => void;
}

export function Confirm(props: ConfirmProps) {
  const { mutate, isPending, error } = useMutation({ mutationFn: props.run, onSuccess: props.onClose });
  const failure = error && !isUnproved(error) ? { words: props.words?.(error) ?? errorWords(error) } : undefined;
  return (
    <Dialog title={props.title} onClose={isPending ? undefined : props.onClose}>
      <form
        className="expired"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isPending) mutate();
        }}
      >
        <div>{props.children}</div>
        <FormNotice failure={failure} />
        <div className="btn-row justify-end">
          <button type="button" className="btn" onClick={props.onClose} disabled={isPending}>
            {props.rather}
          </button>
          <Submit
            form={{ busy: isPending, waiting: false }}
            words={props.act}
            busyWords={props.acting}
            danger={props.mild !== true}
          />
        </div>
      </form>
    </Dialog>
  );
}
