import { expect, test } from "vitest";
import { formatBytes, formatDuration, formatMoney, formatPercent, formatValue, formatWhen, plural } from "./format";

test.each<[string, string]>([
  [formatValue(0), "0"],
  [formatValue(0.123456), "0.1235"],
  [formatValue(-0.5), "−0.5"],
  [formatValue(1234.567), "1,234.6"],
  [formatValue(0.00001234), "1.23e−5"],
  [formatValue(12_345_678), "12,345,678"],
  [formatValue(Number.NaN), "NaN"],
  [formatValue(Number.NEGATIVE_INFINITY), "−∞"],
  [formatBytes(0), "0 B"],
  [formatBytes(999), "999 B"],
  [formatBytes(1500), "1.5 KB"],
  [formatBytes(25_400_000), "25 MB"],
  [formatDuration(0), "0.0 s"],
  [formatDuration(-5), "0.0 s"],
  [formatDuration(59_999), "59 s"],
  [formatDuration(185_000), "3 m 05 s"],
  [formatDuration(3_725_000), "1 h 02 m"],
  [formatPercent(0), "0 %"],
  [formatPercent(0.0002), "<0.1 %"],
  [formatPercent(0.0512), "5.1 %"],
  [formatPercent(0.512), "51 %"],
  [formatMoney(0), "$0"],
  [formatMoney(0.004), "<$0.01"],
  [formatMoney(1.239), "$1.24"],
  [plural(1, "row"), "1 row"],
  [plural(1234, "row"), "1,234 rows"],
  [formatWhen(new Date(1000), new Date(2000)), "just now"],
  [formatWhen(new Date(0), new Date(5 * 60_000)), "5 min. ago"],
  [formatWhen(new Date(0), new Date(26 * 3_600_000)), "yesterday"],
  [formatWhen(new Date("2026-11-04T12:00:00Z"), new Date("2026-11-23T12:00:00Z")), "Nov 4, 2026"],
])("%s reads %s", (shown, expected) => {
  expect(shown).toBe(expected);
});
