import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { blankGeneration, blankMetadata } from "@/api/blank";
import type { GenerationSummary } from "@/api/types";
import { UNDO_MS } from "@/config/limits";
import { fakeServer, renderAt } from "@/testing/render";
import { Library } from "./library";

const item = (id: string, title: string): GenerationSummary =>
  blankGeneration({
    id,
    type: "ui",
    title,
    prompt: title,
    status: "completed",
    roomId: "room",
    metadata: { ...blankMetadata, files: [{ path: "src/App.tsx", language: "tsx", bytes: 10, status: "complete" }] },
  });

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});
afterEach(() => {
  vi.useRealTimers();
});

const typist = () => userEvent.setup({ advanceTimers: vi.advanceTimersByTime });

it("keeps its filters in the address and asks the server with them", async () => {
  const calls = fakeServer(() => ({ body: { items: [], nextCursor: null } }));
  renderAt("/library?kind=api&state=failed&q=tool", <Library action={null} />);
  await screen.findByText('Nothing matches "tool"');
  expect(calls[0]).toContain("q=tool&type=api&status=failed&limit=30");
  await typist().click(screen.getByRole("button", { name: "Clear filters" }));
  await waitFor(() => expect(calls.at(-1)).toBe("GET /api/generate/history?limit=30"));
});

it("loads the next page by its cursor and keeps the rows when that fails", async () => {
  let fail = true;
  fakeServer((_method, path) => {
    if (!path.includes("cursor=")) return { body: { items: [item("1", "First")], nextCursor: "abc" } };
    return fail
      ? { status: 503, body: { title: "Too busy" } }
      : { body: { items: [item("2", "Second")], nextCursor: null } };
  });
  renderAt("/library", <Library action={null} />);
  await typist().click(await screen.findByRole("button", { name: "Show more" }));
  await screen.findByText("The next rows could not be loaded");
  expect(screen.getByRole("link", { name: "First" })).toBeTruthy();
  fail = false;
  await typist().click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("link", { name: "Second" })).toBeTruthy();
});

it("deletes only when the time to undo has passed", async () => {
  const left = [item("a", "Keep me"), item("b", "Drop me")];
  const calls = fakeServer((method, path) => {
    if (method !== "DELETE") return { body: { items: left, nextCursor: null } };
    left.splice(0, left.length, ...left.filter((each) => !path.endsWith(each.id)));
    return { status: 204 };
  });
  renderAt("/library", <Library action={null} />);
  await typist().click(await screen.findByRole("button", { name: "Delete Keep me" }));
  expect(screen.queryByRole("link", { name: "Keep me" })).toBeNull();
  await typist().click(screen.getByRole("button", { name: "Undo" }));
  expect(screen.getByRole("link", { name: "Keep me" })).toBeTruthy();
  await typist().click(screen.getByRole("button", { name: "Delete Drop me" }));
  expect(calls.some((call) => call.startsWith("DELETE"))).toBe(false);
  await act(() => vi.advanceTimersByTimeAsync(UNDO_MS + 100));
  expect(calls.filter((call) => call.startsWith("DELETE"))).toEqual(["DELETE /api/generate/history/b"]);
  expect(screen.getByRole("link", { name: "Keep me" })).toBeTruthy();
});
