import { screen } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { expect, it } from "vitest";
import { fakeServer, renderAt } from "@/testing/render";
import { Component } from "./shared";

const shown = {
  type: "ui",
  title: "Todo app",
  prompt: "a todo app",
  result: "Here it is.\n\n```tsx path=src/App.tsx\nexport const mine = 1\n```\n",
  language: null,
  model: "speed-max",
  files: [
    { path: "src/App.tsx", language: "tsx", bytes: 22, status: "complete" },
    { path: "notes.txt", language: "", bytes: 5, status: "complete" },
  ],
  validation: { ok: true, issues: [] },
  createdAt: "2026-01-01T00:00:00Z",
  completedAt: "2026-01-01T00:00:09Z",
};

const open = () =>
  renderAt(
    "/s/the-token",
    <Routes>
      <Route path="/s/:token" element={<Component />} />
    </Routes>,
  );

it("shows prompt, words and files to somebody without an account", async () => {
  const calls = fakeServer((_method, path) => (path.endsWith("/the-token") ? { body: shown } : undefined));
  open();
  await screen.findByRole("heading", { name: "Todo app" });
  expect(screen.getByText("a todo app")).toBeTruthy();
  await screen.findByText("Here it is.");
  expect(await screen.findByText(/mine/)).toBeTruthy();
  expect(calls).toEqual(["GET /api/generate/shared/the-token"]);
  expect(screen.queryByRole("textbox")).toBeNull();
});

it("says so when the link has ended", async () => {
  fakeServer(() => ({ status: 404, body: { code: "not_found" } }));
  open();
  await screen.findByRole("heading", { name: "This link has ended" });
});

it("can be tried again when the server does not answer", async () => {
  fakeServer(() => undefined);
  open();
  await screen.findByText("This could not be loaded");
});
