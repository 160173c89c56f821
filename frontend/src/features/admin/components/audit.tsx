// The audit log: who did what, to whom, from where. Nothing here can be changed; filters live in the address.
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Download, X } from "lucide-react";
import { Link, useSearchParams } from "react-router";
import type { AuditEntry, AuditPerson } from "@/api/types";
import { ErrorCard } from "@/components/ui/error-card";
import { FilterSelect } from "@/components/ui/filter-select";
import { MoreButton } from "@/components/ui/more-button";
import { showToast } from "@/components/ui/toast";
import { errorWords } from "@/lib/api-client";
import { saveFile } from "@/lib/save-file";
import { useFilter } from "@/lib/use-filter";
import { type AuditFilters, auditQuery, readAuditFile } from "../api/audit";
import { actions, actionWords, detailWords } from "../model/actions";
import { RowsSkeleton } from "./rows-skeleton";

export function Audit() {
  const [params, setParams] = useSearchParams();
  const setFilter = useFilter();
  const filters = readFilters(params);
  const list = useInfiniteQuery(auditQuery(filters));
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const file = useMutation({
    mutationFn: () => readAuditFile(filters),
    onSuccess: (content) => saveFile(`aether-audit-${new Date().toISOString().slice(0, 10)}.csv`, content),
    onError: (error) => showToast(`The log could not be exported. ${errorWords(error)}`),
  });
  return (
    <>
      <header className="lib-head">
        <h1>Audit log</h1>
        <button
          type="button"
          className="btn"
          aria-disabled={file.isPending}
          onClick={() => !file.isPending && file.mutate()}
        >
          {file.isPending ? <span className="nib" /> : <Download className="i" aria-hidden="true" />}
          {file.isPending ? "Exporting…" : "Export"}
        </button>
      </header>
      <div className="lib-filters">
        <FilterSelect
          label="What"
          value={filters.action ?? ""}
          options={actions}
          onChange={(value) => setFilter("action", value)}
        />
        <DateFilter label="From" value={params.get("from") ?? ""} onChange={(value) => setFilter("from", value)} />
        <DateFilter label="Until" value={params.get("until") ?? ""} onChange={(value) => setFilter("until", value)} />
        {filters.actor && <Only words={`By ${nameOf(items[0]?.actor)}`} onClear={() => setFilter("actor", "")} />}
        {filters.subject && <Only words={`To ${nameOf(items[0]?.subject)}`} onClear={() => setFilter("subject", "")} />}
        {params.size > 0 && (
          <button type="button" className="btn btn-ghost" onClick={() => setParams({}, { replace: true })}>
            Clear
          </button>
        )}
      </div>
      <section className="lib-wrap" aria-label="Entries" aria-busy={list.isFetching}>
        {list.isPending && <RowsSkeleton />}
        {items.length > 0 && <Table items={items} />}
        {list.error && (
          <div className="p-(--s-7)">
            <ErrorCard
              title={items.length > 0 ? "The next rows could not be loaded" : "The audit log could not be loaded"}
              error={list.error}
              onRetry={() => void (items.length > 0 ? list.fetchNextPage() : list.refetch())}
              retrying={list.isFetching}
            />
          </div>
        )}
        {list.isSuccess && items.length === 0 && (
          <div className="empty">
            <h3>Nothing matches these filters</h3>
            <button type="button" className="btn" onClick={() => setParams({}, { replace: true })}>
              Clear filters
            </button>
          </div>
        )}
        <MoreButton query={list} />
      </section>
    </>
  );
}

function DateFilter({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="date-filter">
      <span className="dim">{label}</span>
      <input className="input" type="date" value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}

function Only({ words, onClear }: { words: string; onClear: () => void }) {
  return (
    <button type="button" className="btn" title="Show everybody again" onClick={onClear}>
      {words}
      <X className="i i-sm" aria-hidden="true" />
    </button>
  );
}

function Table({ items }: { items: readonly AuditEntry[] }) {
  return (
    <table className="table lib-table audit-table">
      <thead>
        <tr>
          <th>What</th>
          <th>By</th>
          <th>To</th>
          <th className="opt">From</th>
          <th>When</th>
        </tr>
      </thead>
      <tbody>
        {items.map((entry) => (
          <Row entry={entry} key={entry.id} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ entry }: { entry: AuditEntry }) {
  const more = detailWords(entry.detail);
  const { actor, subject } = entry;
  const by = actor ? <PersonLink filter="actor" person={actor} /> : <span className="faint">Not known</span>;
  const when = (
    <time dateTime={entry.at}>
      {new Date(entry.at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}
    </time>
  );
  return (
    <tr>
      <td className="two">
        <span className="clip block" title={entry.action}>
          {actionWords(entry.action)}
        </span>
        {more && (
          <small className="clip account-mail" title={more}>
            {more}
          </small>
        )}
        <small className="only-phone account-mail">
          <span>
            {by}, {when}
          </span>
        </small>
      </td>
      <td className="opt-s">{by}</td>
      <td className="opt-s">
        {subject !== null &&
          (subject.id === actor?.id ? (
            <span className="faint">Themselves</span>
          ) : (
            <PersonLink filter="subject" person={subject} />
          ))}
      </td>
      <td className="opt opt-s faint" title={entry.userAgent ?? undefined}>
        {entry.ip ?? "Not kept"}
      </td>
      <td className="opt-s faint num">{when}</td>
    </tr>
  );
}

function PersonLink({ filter, person }: { filter: "actor" | "subject"; person: AuditPerson }) {
  return (
    <Link className="link" to={`/admin/audit?${filter}=${person.id}`} title={person.email ?? undefined}>
      {nameOf(person)}
    </Link>
  );
}

function nameOf(person: AuditPerson | null | undefined): string {
  return person ? (person.name ?? "An erased account") : "one person";
}

function readFilters(params: URLSearchParams): AuditFilters {
  return {
    action: params.get("action") || undefined,
    actor: params.get("actor") || undefined,
    subject: params.get("subject") || undefined,
    since: startOf(params.get("from"), 0),
    until: startOf(params.get("until"), 1),
  };
}

/** The first moment of a day here, or of one so many days later. */
function startOf(day: string | null, later: number): string | undefined {
  const [year, month, date] = (day ?? "").split("-").map(Number);
  if (!year || !month || !date) return undefined;
  return new Date(year, month - 1, date + later).toISOString();
}
