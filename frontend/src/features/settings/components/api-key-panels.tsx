// Keys for programs: made with what they may do, shown once, listed, deleted.
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronDown, CircleAlert, KeyRound } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { keys } from "@/api/keys";
import type { ApiKey, CreatedApiKey, Scope } from "@/api/types";
import { Confirm } from "@/components/ui/confirm";
import { CopyButton } from "@/components/ui/copy-button";
import { ErrorCard } from "@/components/ui/error-card";
import { Field } from "@/components/ui/field";
import { FormNotice, Submit } from "@/components/ui/form-parts";
import { MoreButton } from "@/components/ui/more-button";
import { Panel, ThingsSkeleton } from "@/components/ui/panel";
import { showToast } from "@/components/ui/toast";
import { useForm } from "@/lib/use-form";
import { ago, dateWords } from "@/lib/words";
import { apiKeysQuery, createApiKey, deleteApiKey } from "../api/api-keys";
import { endAfter, lifetimes, scopes, scopeWords } from "../model/scopes";

export function NewKeyPanel() {
  const [made, setMade] = useState<CreatedApiKey>();
  return (
    <Panel
      title="A new key"
      note="For a program that acts as you: in a script, a pipeline, an editor. It can do what you tick here and nothing else, and never changes your account."
    >
      {made ? <ShownOnce made={made} onDone={() => setMade(undefined)} /> : <NewKeyForm onMade={setMade} />}
    </Panel>
  );
}

function NewKeyForm({ onMade }: { onMade: (made: CreatedApiKey) => void }) {
  const client = useQueryClient();
  const id = useId();
  const form = useForm(
    { name: "", scopes: "", expiresAt: "90" },
    {
      check: (fields) => ({
        ...(fields.name.trim() === "" ? { name: "Write what the key is for" } : {}),
        ...(fields.scopes === "" ? { scopes: "Tick what it may do" } : {}),
      }),
      submit: async (fields) => {
        const end = endAfter(fields.expiresAt, Date.now());
        const made = await createApiKey({
          name: fields.name.trim(),
          scopes: fields.scopes.split(" ") as Scope[],
          ...(end === undefined ? {} : { expiresAt: end }),
        });
        void client.invalidateQueries({ queryKey: keys.apiKeys });
        onMade(made);
      },
    },
  );
  const ticked = form.fields.scopes.split(" ").filter(Boolean);
  const first = form.bind("scopes");
  function tick(scope: Scope, on: boolean) {
    const now = scopes.map(([each]) => each).filter((each) => (each === scope ? on : ticked.includes(each)));
    form.set("scopes", now.join(" "));
  }
  return (
    <form onSubmit={form.onSubmit} noValidate aria-label="Make a key">
      <FormNotice failure={form.failure} />
      <Field
        label="What it is for"
        type="text"
        autoComplete="off"
        placeholder="for example: nightly build"
        {...form.bind("name")}
      />
      <fieldset aria-describedby={first.error ? `${id}-scopes` : undefined}>
        <legend>What it may do</legend>
        <div className="choices">
          {scopes.map(([scope, may, what], index) => (
            <label className="check" key={scope}>
              <input
                type="checkbox"
                ref={index === 0 ? first.ref : undefined}
                checked={ticked.includes(scope)}
                onChange={(event) => tick(scope, event.target.checked)}
              />
              <span>
                {may}
                <small>{what}</small>
              </span>
            </label>
          ))}
        </div>
        {first.error && (
          <p className="hint hint-error" id={`${id}-scopes`}>
            <CircleAlert className="i i-sm" aria-hidden="true" />
            {first.error}
          </p>
        )}
      </fieldset>
      <div className="field">
        <label className="label" htmlFor={`${id}-end`}>
          It works
        </label>
        <span className="pick">
          <select
            className="input lib-pick"
            id={`${id}-end`}
            value={form.fields.expiresAt}
            onChange={(event) => form.set("expiresAt", event.target.value)}
          >
            {lifetimes.map(([days, words]) => (
              <option value={days} key={days}>
                {words}
              </option>
            ))}
          </select>
          <ChevronDown className="i i-sm" aria-hidden="true" />
        </span>
      </div>
      <Submit form={form} words="Make the key" busyWords="Making…" />
    </form>
  );
}

function ShownOnce({ made, onDone }: { made: CreatedApiKey; onDone: () => void }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <div className="grid gap-(--s-5)">
      <h3 ref={head} tabIndex={-1}>
        Copy the key of {made.name} now
      </h3>
      <p className="panel-note">
        It is shown this once, and cannot be had again. Whoever has it can do what it may do.
      </p>
      <div className="secret">
        <code>{made.key}</code>
        <CopyButton text={() => made.key} label="Copy the key" />
      </div>
      <p className="inline-note">
        A program sends it with each request: <code>Authorization: Bearer {made.prefix}…</code>
      </p>
      <div>
        <button type="button" className="btn btn-primary" onClick={onDone}>
          I have it
        </button>
      </div>
    </div>
  );
}

export function KeysPanel() {
  const list = useInfiniteQuery(apiKeysQuery);
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel title="Your keys">
      {list.isPending && <ThingsSkeleton />}
      {items.length > 0 && (
        <ul className="things" aria-label="Keys">
          {items.map((key) => (
            <Row apiKey={key} key={key.id} />
          ))}
        </ul>
      )}
      {list.isSuccess && items.length === 0 && <p className="dim">No program has a key yet.</p>}
      {list.error && (
        <ErrorCard
          title="Your keys could not be loaded"
          error={list.error}
          onRetry={() => void list.refetch()}
          retrying={list.isFetching}
        />
      )}
      <MoreButton query={list} />
    </Panel>
  );
}

function Row({ apiKey }: { apiKey: ApiKey }) {
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const over = apiKey.expiresAt !== null && Date.parse(apiKey.expiresAt) <= Date.now();
  return (
    <li className="thing">
      <KeyRound className="i" aria-hidden="true" />
      <div>
        <span className="thing-name">
          {apiKey.name}
          <code className="faint mono">{apiKey.prefix}…</code>
          {over && <span className="badge danger">Over</span>}
        </span>
        <small>{apiKey.scopes.map(scopeWords).join(", ")}</small>
        <small>
          {apiKey.lastUsedAt ? `Last used ${ago(apiKey.lastUsedAt)}` : "Never used"},{" "}
          {apiKey.expiresAt === null
            ? "works until deleted"
            : `${over ? "ended" : "works until"} ${over ? "on " : ""}${dateWords(apiKey.expiresAt)}`}
        </small>
      </div>
      <button
        type="button"
        className="btn"
        aria-label={`Delete the key ${apiKey.name}`}
        onClick={() => setAsking(true)}
      >
        Delete
      </button>
      {asking && (
        <Confirm
          title={`Delete the key ${apiKey.name}?`}
          act="Delete the key"
          acting="Deleting…"
          rather="Keep it"
          run={async () => {
            await deleteApiKey(apiKey.id);
            showToast(`The key ${apiKey.name} is deleted.`);
            await client.invalidateQueries({ queryKey: keys.apiKeys });
          }}
          onClose={() => setAsking(false)}
        >
          <p>Programs that use it are shut out at once.</p>
        </Confirm>
      )}
    </li>
  );
}
