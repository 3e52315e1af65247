"""Holds conversations with the scripted server through the vendors' own clients.

Arguments: parts to run, each with the port of its server: `anthropic@1234`. What it asserts is what the clients' own
types and errors say.
"""

import os
import sys

import anthropic
import openai

KEY = os.environ["MODELS_KEY"]
ACCENTS = os.environ["MODELS_ACCENTS"]
CLAUDE, GPT = "claude-sonnet-5", "gpt-4.1"
TOOLS = {
    "read_file": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    "execute_code": {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]},
}
CLAUDE_TOOLS = [{"name": name, "description": "…", "input_schema": schema} for name, schema in TOOLS.items()]
GPT_TOOLS = [
    {"type": "function", "function": {"name": name, "description": "…", "parameters": schema}}
    for name, schema in TOOLS.items()
]
CALLS = [
    [("read_file", {"path": "a.csv"}), ("read_file", {"path": ACCENTS, "deep": {"list": [1, 2.5, None, True, '"\\\n']}})],
    [("execute_code", {"code": "print('π')\n", "slug": "shape"})],
    [],
]
TEXTS = [f"I look at both. {ACCENTS}", "", f"Done. {ACCENTS}"]
THOUGHTS = [f"Two files, so two calls. {ACCENTS}", "Now the code.", None]


# A client takes long to make.
CLIENTS = {}


def once(vendor, key, make):
    if (vendor, key, PORT) not in CLIENTS:
        CLIENTS[vendor, key, PORT] = make()
    return CLIENTS[vendor, key, PORT]


def claude(key=KEY):
    return once("anthropic", key, lambda: anthropic.Anthropic(base_url=f"http://127.0.0.1:{PORT}", api_key=key, max_retries=0, timeout=20))


def gpt(key=KEY):
    return once("openai", key, lambda: openai.OpenAI(base_url=f"http://127.0.0.1:{PORT}/v1", api_key=key, max_retries=0, timeout=20))


def same(found, expected):
    assert found == expected, f"{found!r} != {expected!r}"


def with_claude(ask):
    """The whole conversation; `ask` takes the arguments of a request and returns a message."""
    messages = [{"role": "user", "content": "Look at the files."}]
    for turn, calls in enumerate(CALLS):
        message = ask(
            model=CLAUDE,
            max_tokens=2000,
            system="Be brief.",
            thinking={"type": "adaptive"},
            tools=CLAUDE_TOOLS,
            messages=messages,
        )
        uses = [block for block in message.content if block.type == "tool_use"]
        same([(use.name, use.input) for use in uses], calls)
        same("".join(block.text for block in message.content if block.type == "text"), TEXTS[turn])
        thoughts = [block for block in message.content if block.type == "thinking"]
        same([block.thinking for block in thoughts], [THOUGHTS[turn]] if THOUGHTS[turn] else [])
        assert all(block.signature for block in thoughts)
        same(message.stop_reason, "tool_use" if calls else "end_turn")
        assert message.usage.output_tokens > 0 and message.usage.input_tokens > 0, message.usage
        messages.append({"role": "assistant", "content": message.content})
        same(len({use.id for use in uses}), len(uses))
        results = [{"type": "tool_result", "tool_use_id": use.id, "content": "42"} for use in uses]
        messages.append({"role": "user", "content": results})


def anthropic_whole():
    client = claude()
    with_claude(client.messages.create)
    # The SDK sends the key as a bearer token; the older header and version are taken too.
    old = {"x-api-key": KEY, "anthropic-version": "2023-06-01", "authorization": anthropic.Omit()}
    with_claude(client.with_options(default_headers=old).messages.create)


def anthropic_stream():
    client = claude()

    def ask(**request):
        with client.messages.stream(**request) as stream:
            texts = [event.text for event in stream if event.type == "text"]
            message = stream.get_final_message()
        same("".join(texts), "".join(block.text for block in message.content if block.type == "text"))
        return message

    with_claude(ask)


def with_gpt(ask):
    """The whole conversation; `ask` takes the arguments of a request and returns (message, finish reason)."""
    import json

    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look at the files."},
    ]
    for turn, calls in enumerate(CALLS):
        message, finish = ask(model=GPT, max_tokens=2000, tools=GPT_TOOLS, messages=messages)
        uses = message.tool_calls or []
        same([(use.function.name, json.loads(use.function.arguments)) for use in uses], calls)
        same(message.content or "", TEXTS[turn])
        assert finish in ("tool_calls" if calls else "stop", "stop"), finish
        said = {"role": "assistant", "content": message.content}
        if uses:
            said["tool_calls"] = [
                {
                    "id": use.id,
                    "type": "function",
                    "function": {"name": use.function.name, "arguments": use.function.arguments},
                }
                for use in uses
            ]
        messages.append(said)
        for use in uses:
            messages.append({"role": "tool", "tool_call_id": use.id, "content": "42"})
        if not uses:
            messages.append({"role": "user", "content": "Go on."})


def openai_whole():
    def ask(**request):
        completion = gpt().chat.completions.create(**request)
        assert completion.usage.total_tokens > 0
        return completion.choices[0].message, completion.choices[0].finish_reason

    with_gpt(ask)


def openai_stream():
    def ask(**request):
        with gpt().chat.completions.stream(**request, stream_options={"include_usage": True}) as stream:
            for _ in stream:
                pass
            completion = stream.get_final_completion()
        return completion.choices[0].message, completion.choices[0].finish_reason

    with_gpt(ask)
    # The counts come when they are asked for, in a chunk of their own, and only then.
    plain = {"model": GPT, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    chunks = list(gpt().chat.completions.create(**plain))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason


def models():
    first = claude().models.list(limit=5)
    assert first.has_more
    names = [model.id for model in first]
    assert CLAUDE in names and len(names) > 5 and len(set(names)) == len(names), names
    assert GPT in [model.id for model in gpt().models.list()]


def ask_claude(text, client=None, stream=False, **more):
    request = {"model": CLAUDE, "max_tokens": 50, "messages": [{"role": "user", "content": text}]} | more
    client = client or claude()
    if not stream:
        return client.messages.create(**request)
    with client.messages.stream(**request) as open_stream:
        return open_stream.get_final_message()


def ask_gpt(text, client=None, stream=False, **more):
    request = {"model": GPT, "messages": [{"role": "user", "content": text}]} | more
    made = (client or gpt()).chat.completions.create(**request, stream=stream)
    return list(made) if stream else made


def fails(error, ask, *words, **more):
    """The error that a request raises, which must say some words."""
    for stream in (False, True):
        try:
            ask(*words[:1], stream=stream, **more)
        except error as caught:
            found = caught
            for word in words[1:]:
                assert word in str(found), f"{word!r} is not in {found}"
        else:
            raise AssertionError(f"{words[0]!r} (stream: {stream}) did not raise {error.__name__}")
    return found


def errors():
    fails(anthropic.AuthenticationError, ask_claude, "hello", "Invalid bearer token", client=claude("sk-wrong"))
    fails(openai.AuthenticationError, ask_gpt, "hello", "Incorrect API key", client=gpt("sk-wrong-0123456789"))
    fails(anthropic.NotFoundError, ask_claude, "hello", "model: no-such-model", model="no-such-model")
    fails(openai.NotFoundError, ask_gpt, "hello", "no-such-model", model="no-such-model")
    for vendor, ask in ((anthropic, ask_claude), (openai, ask_gpt)):
        fails(vendor.AuthenticationError, ask, "Unauthorized")
        fails(vendor.PermissionDeniedError, ask, "Forbidden")
        fails(vendor.NotFoundError, ask, "UnknownModel")
        fails(vendor.BadRequestError, ask, "TooLong", "maximum")
        fails(vendor.BadRequestError, ask, "Invalid")
        found = fails(vendor.RateLimitError, ask, "RateLimited")
        same(found.response.headers["retry-after"], "7")
        fails(vendor.InternalServerError, ask, "ServerError")
        fails(vendor.InternalServerError, ask, "BadGateway")
        fails(vendor.InternalServerError, ask, "Unavailable")
        fails(vendor.InternalServerError, ask, "Overloaded", "verloaded")
        fails(vendor.APIConnectionError, ask, "Closed")
    for word in ("BrokenFin", "BrokenRst"):
        for ask in (ask_claude, ask_gpt):
            try:
                ask(word, stream=True)
            except Exception as error:
                assert "closed" in repr(error).lower() or "reset" in repr(error).lower() or "Connection" in repr(error), repr(error)
            else:
                raise AssertionError(f"{word} went unnoticed")
    for error, ask in ((anthropic.APIStatusError, ask_claude), (openai.APIError, ask_gpt)):
        try:
            ask("OverloadedInStream", stream=True)
        except error as found:
            assert "verloaded" in str(found), found
        else:
            raise AssertionError("the error in the stream went unnoticed")


def stops():
    reasons = {"long": "max_tokens", "refuse": "refusal", "overflow": "model_context_window_exceeded", "x": "end_turn"}
    for text, reason in reasons.items():
        message = ask_claude(text, stream=True, tools=CLAUDE_TOOLS)
        same(message.stop_reason, reason)
    same(ask_claude("refuse", stream=True).stop_details.type, "refusal")
    # A paused turn is sent back as it is, and goes on.
    message = ask_claude("pause", stream=True)
    same(message.stop_reason, "pause_turn")
    said = [{"role": "user", "content": "pause"}, {"role": "assistant", "content": message.content}]
    same(claude().messages.create(model=CLAUDE, max_tokens=50, messages=said).content[0].text, "as usual")
    for text, reason in {"long": "length", "refuse": "content_filter", "overflow": "length", "x": "stop"}.items():
        same(ask_gpt(text, tools=GPT_TOOLS).choices[0].finish_reason, reason)


def cache():
    mark = {"type": "ephemeral"}
    system = [{"type": "text", "text": "A long prompt. " * 600, "cache_control": mark}]
    messages = [{"role": "user", "content": [{"type": "text", "text": "one " * 3000, "cache_control": mark}]}]
    request = {"model": CLAUDE, "max_tokens": 50, "system": system}
    first = claude().messages.create(**request, messages=messages).usage
    assert first.cache_read_input_tokens == 0 and first.cache_creation_input_tokens > 5000, first
    again = claude().messages.create(**request, messages=messages).usage
    same((again.cache_read_input_tokens, again.cache_creation_input_tokens), (first.cache_creation_input_tokens, 0))
    longer = [
        {"role": "user", "content": [{"type": "text", "text": "one " * 3000}]},
        {"role": "assistant", "content": "as usual"},
        {"role": "user", "content": [{"type": "text", "text": "two " * 3000, "cache_control": mark}]},
    ]
    third = claude().messages.create(**request, messages=longer).usage
    same(third.cache_read_input_tokens, again.cache_read_input_tokens)
    assert third.cache_creation_input_tokens > 3000, third
    other = claude().messages.create(**request, messages=[{"role": "user", "content": "hm"}]).usage
    assert 0 < other.cache_read_input_tokens < third.cache_read_input_tokens, other
    long = [{"role": "system", "content": "A long prompt. " * 600}, {"role": "user", "content": "hm"}]
    for expected in (False, True):
        usage = gpt().chat.completions.create(model=GPT, messages=long).usage
        same(usage.prompt_tokens_details.cached_tokens > 1024, expected)


def strict():
    """Requests that the real APIs refuse."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "42"}
    user, text = {"role": "user", "content": "hello"}, {"type": "text", "text": "hm"}
    mark = {"cache_control": {"type": "ephemeral"}}
    thought = {"type": "thinking", "thinking": "hm", "signature": "forged"}
    for words, messages in {
        "first message must use": [{"role": "assistant", "content": "hm"}],
        "roles must alternate": [user, user],
        "non-empty": [{"role": "user", "content": [{"type": "text", "text": ""}]}],
        "prefill": [user, {"role": "assistant", "content": "hm"}],
        "without `tool_result`": [user, {"role": "assistant", "content": [use]}, user],
        "immediately after": [
            user,
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [text, result]},
        ],
        "unexpected `tool_use_id`": [user, {"role": "assistant", "content": [text]}, {"role": "user", "content": [result]}],
        "Invalid `signature`": [user, {"role": "assistant", "content": [thought, text]}, user],
        "Found 5": [{"role": "user", "content": [text | mark] * 5}],
    }.items():
        fails(anthropic.BadRequestError, ask_claude, "", words, messages=messages, tools=CLAUDE_TOOLS)
    fails(anthropic.BadRequestError, ask_claude, "hello", "temprature: Extra inputs", extra_body={"temprature": 1})
    fails(anthropic.BadRequestError, ask_claude, "hello", "temperature: Extra inputs", extra_body={"temperature": 1})
    fails(anthropic.BadRequestError, ask_claude, "hello", "adaptive", thinking={"type": "enabled", "budget_tokens": 2000})
    # A thought that is left out, and one that is altered, where its call is answered.
    first = claude().messages.create(model=CLAUDE, max_tokens=50, messages=[user], tools=CLAUDE_TOOLS)
    content = [block.model_dump(exclude_none=True) for block in first.content]
    results = [{"type": "tool_result", "tool_use_id": b["id"], "content": "1"} for b in content if b["type"] == "tool_use"]
    altered = [block | {"thinking": "else"} if block["type"] == "thinking" else block for block in content]
    for words, blocks in {"cannot be modified": content[1:], "Invalid `signature`": altered}.items():
        messages = [user, {"role": "assistant", "content": blocks}, {"role": "user", "content": results}]
        fails(anthropic.BadRequestError, ask_claude, "", words, messages=messages, tools=CLAUDE_TOOLS)

    call = {"id": "call_1", "type": "function", "function": {"name": "read_file", "arguments": "{}"}}
    objects = call | {"function": {"name": "read_file", "arguments": {}}}
    answer = {"role": "tool", "tool_call_id": "call_1", "content": "42"}
    for words, messages in {
        "did not have response messages: call_1": [user, {"role": "assistant", "tool_calls": [call]}, user],
        "must be a response to": [user, answer],
        "expected a string, but got an object": [user, {"role": "assistant", "tool_calls": [objects]}, answer],
        "got null": [user, {"role": "assistant", "content": None}, user],
    }.items():
        fails(openai.BadRequestError, ask_gpt, "", words, messages=messages, tools=GPT_TOOLS)
    fails(openai.BadRequestError, ask_gpt, "hello", "max_completion_tokens", model="gpt-5", max_tokens=5)
    fails(openai.BadRequestError, ask_gpt, "hello", "empty array", tools=[])


PARTS = {
    "anthropic": anthropic_whole,
    "anthropic-stream": anthropic_stream,
    "openai": openai_whole,
    "openai-stream": openai_stream,
    "models": models,
    "errors": errors,
    "stops": stops,
    "cache": cache,
    "strict": strict,
}

for argument in sys.argv[1:]:
    part, PORT = argument.split("@")
    print(argument, flush=True)
    PARTS[part]()
