import { expect, it } from "vitest";
import { codeFault, plainCode } from "./codes";

it("takes a code as people type and paste it", () => {
  expect(plainCode(" 123 456\n", "app")).toBe("123456");
  expect(plainCode("123-456", "app")).toBe("123456");
  expect(plainCode("１２３４５６", "app")).toBe("123456");
  expect(plainCode(" abcd-efgh ", "recovery")).toBe("abcd-efgh");
});

it("says what is missing before the server is asked", () => {
  expect(codeFault("123 456", "app")).toBeUndefined();
  expect(codeFault("", "app")).toBe("Write the six digits that your app shows");
  expect(codeFault("12345", "app")).toBe("A code has six digits");
  expect(codeFault("12345a", "app")).toBe("A code has six digits");
  expect(codeFault(" ", "recovery")).toBe("Write one of your recovery codes");
  expect(codeFault("abcd-efgh", "recovery")).toBeUndefined();
});
