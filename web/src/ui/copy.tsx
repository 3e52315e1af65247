import { Check, Copy } from "lucide-react";
import { useRef, useState } from "react";
import { Button, IconButton } from "./button";

/** The clipboard's own interface is there on secure pages alone; a plain-HTTP server in a local network has the old way. */
async function toClipboard(text: string) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function useCopy(text: () => string) {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const copy = async () => {
    await toClipboard(text());
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), 1600);
  };
  return { copied, copy };
}

interface Props {
  label: string;
  text: () => string;
}

export function CopyIcon({ label, text }: Props) {
  const { copied, copy } = useCopy(text);
  return (
    <IconButton label={copied ? "Copied" : label} onClick={copy}>
      {copied ? <Check size={14} /> : <Copy size={14} />}
    </IconButton>
  );
}

export function CopyButton({ label, text }: Props) {
  const { copied, copy } = useCopy(text);
  return (
    <Button onClick={copy} icon={copied ? <Check size={14} /> : <Copy size={14} />}>
      {copied ? "Copied" : label}
    </Button>
  );
}
