import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it, vi } from "vitest";
import { PROMPT_MAX } from "@/config/limits";
import { Composer } from "./composer";
import { KindChips } from "./kind-chips";

function Box({ onSend, onStop, start = "" }: { onSend: (text: string) => void; onStop?: () => void; start?: string }) {
  const [text, setText] = useState(start);
  return <Composer text={text} onText={setText} onSend={onSend} onStop={onStop} placeholder="Write" />;
}

it("sends with Enter and breaks the line with Shift+Enter", async () => {
  const sent = vi.fn();
  render(<Box onSend={sent} />);
  const box = screen.getByRole("textbox", { name: "Message" });
  await userEvent.type(box, "one{Shift>}{Enter}{/Shift}two");
  expect(sent).not.toHaveBeenCalled();
  expect(box).toHaveProperty("value", "one\ntwo");
  await userEvent.type(box, "{Enter}");
  expect(sent).toHaveBeenCalledWith("one\ntwo");
});

it("sends nothing that is blank or too long, and says why", async () => {
  const sent = vi.fn();
  const { unmount } = render(<Box onSend={sent} start="   " />);
  await userEvent.click(screen.getByRole("button", { name: "Send" }));
  unmount();
  render(<Box onSend={sent} start={"a".repeat(PROMPT_MAX + 1)} />);
  await userEvent.click(screen.getByRole("button", { name: "Send" }));
  expect(sent).not.toHaveBeenCalled();
  expect(screen.getByText(/Shorten it to send/)).toBeTruthy();
});

it("turns Send into Stop while something is made", async () => {
  const stop = vi.fn();
  render(<Box onSend={vi.fn()} onStop={stop} />);
  expect(screen.queryByRole("button", { name: "Send" })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Stop" }));
  expect(stop).toHaveBeenCalledOnce();
});

it("takes the caret on a slash outside any field", async () => {
  render(<Box onSend={vi.fn()} />);
  await userEvent.keyboard("/");
  expect(document.activeElement).toBe(screen.getByRole("textbox", { name: "Message" }));
});

it("says what Auto picked", () => {
  render(<KindChips choice="auto" guess="api" onChoice={vi.fn()} />);
  expect(screen.getByRole("radio", { name: "Auto: API" }).getAttribute("aria-checked")).toBe("true");
});
