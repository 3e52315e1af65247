/** How numbers, sizes, times and money read. Every place that shows one uses these. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function formatCount(value: number): string {
  return whole.format(value);
}

export function formatCompact(value: number): string {
  return compact.format(value);
}

/** A count with its noun: `1 row`, `1,234 rows`. */
export function plural(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A measured value to four significant digits, in scientific notation only where plain digits would mislead. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(2).replace("-", "−");
  if (Number.isInteger(value)) return whole.format(value).replace("-", "−");
  if (size >= 1000) return value.toLocaleString("en", { maximumFractionDigits: 1 }).replace("-", "−");
  return value.toLocaleString("en", { maximumSignificantDigits: 4 }).replace("-", "−");
}

export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  return `${percent.toLocaleString("en", { maximumFractionDigits: percent < 10 ? 1 : 0 })} %`;
}

const units = ["B", "KB", "MB", "GB", "TB"];

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toLocaleString("en", { maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 })} ${units[unit]}`;
}

/** Memory, in the units in which its limits are set: `312 MiB`, `2.0 GiB`. */
export function formatMemory(bytes: number): string {
  const mib = bytes / 1_048_576;
  return mib < 1000 ? `${formatCount(Math.ceil(mib))} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

/** A stretch of time: `0.4 s`, `12 s`, `3 m 05 s`, `1 h 02 m`. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < 1000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} m`;
}

export function formatMoney(dollars: number): string {
  if (dollars === 0) return "$0";
  if (dollars < 0.01) return "<$0.01";
  return `$${dollars.toFixed(2)}`;
}

/** A price in USD, to the cent or as fine as it is. */
export function formatPrice(dollars: number): string {
  return `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false });

/** When something was, as a reader would say it: `just now`, `5 min. ago`, `yesterday`, `4 Nov 2026`. */
export function formatWhen(then: Date, now: Date): string {
  const seconds = (then.getTime() - now.getTime()) / 1000;
  if (seconds > -45) return "just now";
  if (seconds > -3600) return relative.format(Math.round(seconds / 60), "minute");
  if (seconds > -86_400) return relative.format(Math.round(seconds / 3600), "hour");
  if (seconds > -7 * 86_400) return relative.format(Math.round(seconds / 86_400), "day");
  return day.format(then);
}

export function formatClock(time: Date): string {
  return clock.format(time);
}
