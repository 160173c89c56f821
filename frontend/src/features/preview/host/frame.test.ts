import { afterEach, expect, it, vi } from "vitest";
import { PreviewFrame } from "./frame";

const made: PreviewFrame[] = [];
const frame = () => {
  const hear = vi.fn();
  const dropped = vi.fn();
  const one = new PreviewFrame(document.body, "Todos, running", hear, dropped);
  made.push(one);
  return { one, hear, dropped };
};

afterEach(() => {
  for (const one of made.splice(0)) one.remove();
});

it("is a sandbox with an origin of its own, exactly", () => {
  const { element } = frame().one;
  expect(element.getAttribute("sandbox")).toBe("allow-scripts allow-forms");
  expect(element.getAttribute("allow")).toBe("");
  expect(element.getAttribute("src")).toBe("/preview/frame");
  expect(element.getAttribute("referrerpolicy")).toBe("no-referrer");
  expect(element.hasAttribute("srcdoc")).toBe(false);
});

it("hands over its port once, to the first document alone", () => {
  const { element } = frame().one;
  const post = vi.fn();
  Object.defineProperty(element, "contentWindow", { value: { postMessage: post } });
  element.dispatchEvent(new Event("load"));
  element.dispatchEvent(new Event("load"));
  expect(post).toHaveBeenCalledTimes(1);
  expect(post.mock.calls[0]?.slice(0, 2)).toEqual(["aether:port", "*"]);
});

it("hears what has the shape of a message, and only so much of it", async () => {
  const { one, hear, dropped } = frame();
  const port = (one as unknown as { channel: MessageChannel }).channel.port2;
  port.postMessage("hello");
  port.postMessage({ type: "console", level: "shout", texts: [] });
  port.postMessage({ type: "ready", ms: 1 });
  for (let n = 0; n < 1_000; n += 1) port.postMessage({ type: "console", level: "log", texts: [String(n)] });
  port.postMessage({ type: "pong", n: 7 });
  await vi.waitFor(() => expect(hear).toHaveBeenLastCalledWith({ type: "pong", n: 7 }));
  expect(hear.mock.calls[0]?.[0]).toEqual({ type: "ready", ms: 1 });
  expect(hear.mock.calls.length).toBeLessThan(900);
  expect(dropped).toHaveBeenCalled();
});
