import { type ClassValue, clsx } from "clsx";

/** Joins classes. */
export function cn(...classes: ClassValue[]): string {
  return clsx(classes);
}
