/** What may happen in a stage beside its work: questions, spent budgets, a provider in trouble. One scene is set for the next start. */

const seconds = (value) => value * 1000;

export const scenes = {
  /** Asks, with a default that is taken when nobody answers in time. */
  async asks(session) {
    await session.speak(1, "Two columns could be the target.");
    await session.question("Which column do you want to predict?", ["species", "island"], "species", seconds(90));
  },

  /** Asks something that nobody answers in time. */
  async expires(session) {
    await session.question("May I drop the eleven rows without a sex?", ["yes", "no"], "no", seconds(1));
  },

  /** Nears a budget, then passes it. */
  async spends(session, run) {
    await session.speak(1, "I will look at every pair of columns.", { costUsd: 4.2, outputTokens: 91_000 });
    session.append("BudgetWarningEvent", { budget: "session_usd", used: 4.2, limit: 5 });
    await session.execute("every pair", "for a in columns: ...\n", ["pair 1 of 21", "pair 2 of 21"]);
    await session.speak(2, "Half of the pairs are done.", { costUsd: 0.9, outputTokens: 20_000 });
    session.append("BudgetExceededEvent", { budget: "session_usd", limit: 5 });
    session.end(run, "FAILED", null, "the session's budget of $5.00 is used up; raise it and resume");
  },

  /** Overloaded, tried again, gone. */
  async overloaded(session, run) {
    session.append("TurnStartedEvent", { turn: 1, attempt: 1 });
    session.say({ turn: 1, attempt: 1, offset: 0, text: "I will first lo" });
    await session.sleep(20);
    session.append("NoticeEvent", {
      text: "the provider is overloaded; trying again in 8 s (attempt 2 of 5)",
      forPeople: true,
    });
    session.append("TurnStartedEvent", { turn: 1, attempt: 2 });
    await session.sleep(20);
    session.append("AgentErrorEvent", {
      message: "anthropic refused the key; check `ANTHROPIC_API_KEY`",
      retryable: true,
    });
    session.end(run, "FAILED", null, "anthropic refused the key; check `ANTHROPIC_API_KEY` and resume");
  },

  /** Long enough that older results are condensed, and reminded of what is missing. */
  async condenses(session) {
    await session.speak(1, "A long look at every column.", { costUsd: null });
    session.append("ContextCondensedEvent", { turns: 14, summarisedTurns: 6 });
    session.append("NoticeEvent", { text: "`eda/report.md` is missing; write it before you finish", forPeople: false });
    await session.speak(2, "The report comes next.", { costUsd: 0.4, estimated: true });
  },

  /** Works until it is told to stop. */
  async works(session) {
    await session.speak(1, "Fitting a thousand trees.");
    await session.execute(
      "fit trees",
      "fit()\n",
      Array.from({ length: 3000 }, (_, at) => `tree ${at}`),
    );
    await session.speak(2, "That will do.");
  },
};
