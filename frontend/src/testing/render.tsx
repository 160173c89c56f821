// Renders a piece of UI with what every screen stands in: router and query client. For tests only.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { Toaster } from "@/components/ui/toast";

export function renderAt(path: string, ui: ReactNode) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(
    <QueryClientProvider client={client}>
      <MemoryRouter initialEntries={[path]}>{ui}</MemoryRouter>
      <Toaster />
    </QueryClientProvider>,
  );
}

type Answer = { status?: number; body?: unknown; headers?: Record<string, string> };

/** Answers `fetch` in the test: the first handler that returns something for the call wins. Returns the calls made. */
export function fakeServer(
  answer: (method: string, path: string, body: unknown, token: string | null, headers: Headers) => Answer | undefined,
) {
  const calls: string[] = [];
  globalThis.fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const path = String(input);
    const method = init?.method ?? "GET";
    calls.push(`${method} ${path}`);
    const body = init?.body ? JSON.parse(String(init.body)) : undefined;
    const headers = new Headers(init?.headers);
    const found = answer(method, path, body, headers.get("Authorization"), headers);
    if (!found) throw new TypeError("network");
    const status = found.status ?? 200;
    return new Response(status === 204 ? null : JSON.stringify(found.body ?? {}), { status, headers: found.headers });
  }) as typeof fetch;
  return calls;
}
