// The calls about the audit log: a page at a time, or all of it as a file.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { AuditEntry, Page } from "@/api/types";
import { api, apiBlob } from "@/lib/api-client";
import { query } from "@/lib/query-string";

export interface AuditFilters {
  action?: string | undefined;
  actor?: string | undefined;
  subject?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

export function auditQuery(filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: keys.audit(filters),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      api<Page<AuditEntry>>(`/api/auth/audit${query({ ...filters, limit: 50, cursor: pageParam })}`, { signal }),
    getNextPageParam: (last) => last.nextCursor ?? null,
  });
}

export function readAuditFile(filters: AuditFilters): Promise<Blob> {
  return apiBlob(`/api/auth/audit/export${query({ ...filters })}`);
}
