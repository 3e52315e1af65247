import { Check, Copy } from "lucide-react";
import { useRef, useState } from "react";
import { Button, IconButton } from "./button";

function useCopy(text: () => string) {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const copy = async () => {
    await navigator.clipboard.writeText(text());
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
