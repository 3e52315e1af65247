import { Plug, RefreshCw, Wifi } from "lucide-react";
import { type Connection, connection } from "@/api/connection";
import { useExternal } from "@/lib/external";

const looks: Record<Connection, { word: string; icon: typeof Wifi; tone: string }> = {
  idle: { word: "Idle", icon: Plug, tone: "text-muted" },
  connecting: { word: "Connecting", icon: RefreshCw, tone: "text-muted" },
  live: { word: "Live", icon: Wifi, tone: "text-ok" },
  reconnecting: { word: "Reconnecting", icon: RefreshCw, tone: "text-warn" },
};

export function ConnectionState() {
  const { word, icon: Icon, tone } = looks[useExternal(connection)];
  return (
    <span role="status" aria-label={`Connection: ${word}`} className={`flex items-center gap-1.5 text-small ${tone}`}>
      <Icon size={14} aria-hidden />
      <span className="max-sm:sr-only">{word}</span>
    </span>
  );
}
