// What an administrator can do with an account. What cannot be undone, or shuts somebody out, is asked about first.
import { useQueryClient } from "@tanstack/react-query";
import { Ban, Ellipsis, LogOut, ShieldCheck, ShieldOff, Trash2, UserCheck } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useRef, useState } from "react";
import { keys } from "@/api/keys";
import type { Account } from "@/api/types";
import { Confirm } from "@/components/ui/confirm";
import { showToast } from "@/components/ui/toast";
import { ApiError, errorWords } from "@/lib/api-client";
import { changeUser, deleteUser, signOutUser } from "../api/users";

type Act = "promote" | "demote" | "disable" | "delete";

export function UserActs({ account }: { account: Account }) {
  const [asking, setAsking] = useState<Act>();
  const wanted = useRef<Act>(undefined);
  const trigger = useRef<HTMLButtonElement>(null);
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: keys.users });
  const { id, name } = account;

  async function now(run: () => Promise<unknown>, done: string) {
    try {
      await run();
      showToast(done);
    } catch (error) {
      showToast(`Not done. ${words(error) ?? errorWords(error)}`);
    }
    await again();
  }
  const ask = (act: Act) => () => {
    wanted.current = act;
  };
  const close = () => setAsking(undefined);
  const grave = { onClose: close, words };
  return (
    <>
      {/* Not modal: a modal menu would set a style element, which the page's policy refuses. */}
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger
          className="btn btn-ghost btn-sm btn-icon"
          aria-label={`What to do with ${name}`}
          ref={trigger}
        >
          <Ellipsis className="i" aria-hidden="true" />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            className="menu"
            align="end"
            sideOffset={6}
            onCloseAutoFocus={(event) => {
              // The question comes when the menu is gone, and gives the focus back to its button.
              event.preventDefault();
              trigger.current?.focus();
              setAsking(wanted.current);
              wanted.current = undefined;
            }}
          >
            {account.role === "admin" ? (
              <DropdownMenu.Item className="menu-item" onSelect={ask("demote")}>
                <ShieldOff className="i" aria-hidden="true" />
                Make a user
              </DropdownMenu.Item>
            ) : (
              <DropdownMenu.Item className="menu-item" onSelect={ask("promote")}>
                <ShieldCheck className="i" aria-hidden="true" />
                Make an administrator
              </DropdownMenu.Item>
            )}
            <DropdownMenu.Item
              className="menu-item"
              onSelect={() => void now(() => signOutUser(id), `${name} is signed out everywhere.`)}
            >
              <LogOut className="i" aria-hidden="true" />
              Sign out everywhere
            </DropdownMenu.Item>
            {account.disabled ? (
              <DropdownMenu.Item
                className="menu-item"
                onSelect={() => void now(() => changeUser(id, { disabled: false }), `${name} can sign in again.`)}
              >
                <UserCheck className="i" aria-hidden="true" />
                Enable
              </DropdownMenu.Item>
            ) : (
              <DropdownMenu.Item className="menu-item" onSelect={ask("disable")}>
                <Ban className="i" aria-hidden="true" />
                Disable
              </DropdownMenu.Item>
            )}
            <DropdownMenu.Separator className="menu-sep" />
            <DropdownMenu.Item className="menu-item danger" onSelect={ask("delete")}>
              <Trash2 className="i" aria-hidden="true" />
              Delete
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      {asking === "promote" && (
        <Confirm
          {...grave}
          title={`Make ${name} an administrator?`}
          act="Make an administrator"
          acting="Changing…"
          rather="Leave it"
          mild
          run={() => changeUser(id, { role: "admin" }).then(again)}
        >
          <p>They see all accounts and the audit log, and can change or delete any account, yours too.</p>
        </Confirm>
      )}
      {asking === "demote" && (
        <Confirm
          {...grave}
          title={`Make ${name} a user?`}
          act="Make a user"
          acting="Changing…"
          rather="Leave it"
          mild
          run={() => changeUser(id, { role: "user" }).then(again)}
        >
          <p>They no longer see this part of AetherOS. What they have made stays theirs.</p>
        </Confirm>
      )}
      {asking === "disable" && (
        <Confirm
          {...grave}
          title={`Disable ${name}?`}
          act="Disable the account"
          acting="Disabling…"
          rather="Leave it"
          run={() => changeUser(id, { disabled: true }).then(again)}
        >
          <p>
            They are out everywhere within a second, and cannot sign in until you enable the account. Nothing is lost.
          </p>
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm
          {...grave}
          title={`Delete ${name}?`}
          act="Delete the account"
          acting="Deleting…"
          rather="Keep it"
          run={() => deleteUser(id).then(again)}
        >
          <p>
            <b className="[overflow-wrap:anywhere]">{account.email}</b> and everything in it goes, at once and for good.
          </p>
        </Confirm>
      )}
    </>
  );
}

function words(error: unknown): string | undefined {
  if (!(error instanceof ApiError) || error.code !== "last_admin") return undefined;
  return "This is the last administrator. Make somebody else one first.";
}
