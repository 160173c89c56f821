// All of one's data: taken along in one file, or deleted with the account.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, FileArchive } from "lucide-react";
import { useState } from "react";
import { keys } from "@/api/keys";
import type { AccountExport } from "@/api/types";
import { Dialog } from "@/components/ui/dialog";
import { ErrorCard } from "@/components/ui/error-card";
import { Field } from "@/components/ui/field";
import { FormNotice, Submit } from "@/components/ui/form-parts";
import { Grain } from "@/components/ui/grain";
import type { Bar } from "@/components/ui/grain-bars";
import { Panel, ThingsSkeleton } from "@/components/ui/panel";
import { showToast } from "@/components/ui/toast";
import { errorWords } from "@/lib/api-client";
import { endSession, useSession } from "@/lib/auth-session";
import { saveFile } from "@/lib/save-file";
import { useForm } from "@/lib/use-form";
import { bytes, clock, dateWords } from "@/lib/words";
import { beginExport, deleteAccount, exportsQuery, isBeingMade, readExport } from "../api/account";

export function ExportPanel() {
  const client = useQueryClient();
  const exports = useQuery(exportsQuery);
  const begin = useMutation({
    mutationFn: beginExport,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.exports }),
  });
  const items = exports.data ?? [];
  const making = items.some(isBeingMade);
  return (
    <Panel
      title="Take your data along"
      note="One .zip with your account, your conversations, and all that you have made with its files. Collecting it takes a little while; you can go elsewhere meanwhile."
    >
      {exports.isPending && <ThingsSkeleton rows={1} />}
      {exports.error && (
        <ErrorCard
          title="It is not known how far your data is"
          error={exports.error}
          onRetry={() => void exports.refetch()}
          retrying={exports.isFetching}
        />
      )}
      {items.length > 0 && (
        <ul className="things" aria-label="Copies of your data">
          {items.map((item) => (
            <Row item={item} key={item.id} />
          ))}
        </ul>
      )}
      <FormNotice failure={begin.error ? { words: errorWords(begin.error) } : undefined} />
      {!making && (
        <div>
          <button
            type="button"
            className="btn"
            aria-disabled={begin.isPending}
            onClick={() => !begin.isPending && begin.mutate()}
          >
            {begin.isPending && <span className="nib" />}
            {begin.isPending ? "Starting…" : items.length > 0 ? "Collect it anew" : "Collect my data"}
          </button>
        </div>
      )}
    </Panel>
  );
}

function Row({ item }: { item: AccountExport }) {
  const download = useMutation({
    mutationFn: () => readExport(item.id),
    onSuccess: (zip) => saveFile(`aether-data-${item.createdAt.slice(0, 10)}.zip`, zip),
    onError: (error) => showToast(`It could not be downloaded. ${errorWords(error)}`),
  });
  const at = `${dateWords(item.createdAt)}, ${clock(item.createdAt)}`;
  return (
    <li className="thing">
      <FileArchive className="i" aria-hidden="true" />
      <div className="grid gap-(--s-2)">
        <span className="thing-name">{at}</span>
        {/* Its number changes often: what is said aloud is only that it begins and ends. */}
        <span role="status">
          <span className={`state ${tones[item.status]}`}>{words[item.status]}</span>
        </span>
        {item.status === "running" && (
          <span className="flex items-center gap-(--s-4)" aria-hidden="true">
            <Grain bars={barsOf(item.progress)} />
            <small className="num">{item.progress} %</small>
          </span>
        )}
        {item.status === "ready" && item.bytes !== null && (
          <small>
            {bytes(item.bytes)}
            {item.expiresAt && `, kept until ${dateWords(item.expiresAt)}`}
          </small>
        )}
      </div>
      {item.status === "ready" && (
        <button
          type="button"
          className="btn"
          aria-label={`Download the .zip of ${at}`}
          aria-disabled={download.isPending}
          onClick={() => !download.isPending && download.mutate()}
        >
          {download.isPending ? <span className="nib" /> : <Download className="i" aria-hidden="true" />}
          {download.isPending ? "Downloading…" : "Download"}
        </button>
      )}
    </li>
  );
}

const words: Readonly<Record<AccountExport["status"], string>> = {
  queued: "Waiting for its turn",
  running: "Being collected",
  ready: "Ready",
  failed: "Could not be collected",
};
const tones: Readonly<Record<AccountExport["status"], string>> = {
  queued: "waiting",
  running: "making",
  ready: "ready",
  failed: "failed",
};

function barsOf(progress: number): Bar[] {
  return [
    { weight: progress, tone: "made" },
    { weight: 100 - progress, tone: "plan" },
  ];
}

export function DeletePanel() {
  const [asking, setAsking] = useState(false);
  return (
    <Panel
      title="Delete the account"
      note="Everything goes with it, at once and for good: what you have made, your conversations, your keys. A room of yours passes to the editor who has been in it longest; without one it goes too."
    >
      <div>
        <button type="button" className="btn" onClick={() => setAsking(true)}>
          Delete the account…
        </button>
      </div>
      {asking && <DeleteDialog onClose={() => setAsking(false)} />}
    </Panel>
  );
}

function DeleteDialog({ onClose }: { onClose: () => void }) {
  const email = useSession((state) => state.user?.email ?? "");
  const form = useForm(
    { email: "" },
    {
      check: (fields) =>
        fields.email.trim().toLowerCase() === email.toLowerCase() ? {} : { email: `Write ${email} to confirm` },
      submit: async () => {
        await deleteAccount();
        endSession(true);
      },
      words: (error) =>
        error.code === "last_admin" ? "You are the last administrator. Make somebody else one first." : undefined,
    },
  );
  return (
    <Dialog title="Delete your account?" onClose={form.busy ? undefined : onClose}>
      <form className="expired" onSubmit={form.onSubmit} noValidate aria-label="Delete the account">
        <p>It cannot be undone, and nobody can bring it back. Take your data along first if you may want it.</p>
        <FormNotice failure={form.failure} />
        <Field
          label="Your e-mail, to confirm"
          type="email"
          autoComplete="off"
          hint={email}
          spellCheck={false}
          {...form.bind("email")}
        />
        <div className="btn-row justify-end">
          <button type="button" className="btn" onClick={onClose}>
            Keep it
          </button>
          <Submit form={form} words="Delete the account" busyWords="Deleting…" danger />
        </div>
      </form>
    </Dialog>
  );
}
