/* eslint-disable */
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A time, RFC 3339, in UTC, to the millisecond. */
  DateTime: { input: string; output: string; }
  /** Any JSON value: only where no type can do. */
  JSON: { input: unknown; output: unknown; }
  /** A whole number between -(2^53 - 1) and 2^53 - 1, as a JSON number. */
  Long: { input: number; output: number; }
};

/** Something went wrong for the agent. */
export type AgentErrorEvent = SessionEvent & {
  __typename?: 'AgentErrorEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** One sentence. */
  message: Scalars['String']['output'];
  /** Trying again may help. */
  retryable: Scalars['Boolean']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** The agent said something; takes the place of the provisional text of its turn. */
export type AgentMessageEvent = SessionEvent & {
  __typename?: 'AgentMessageEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The message. */
  messageId: Scalars['ID']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** Markdown. */
  text: Scalars['String']['output'];
  /** The number of the turn in its stage run. */
  turn: Scalars['Int']['output'];
};

/** What `answerQuestion` takes. */
export type AnswerQuestionInput = {
  /** One of its options, or any text. */
  answer: Scalars['String']['input'];
  /** The `callId` of the question. */
  callId: Scalars['String']['input'];
  /** The session. */
  sessionId: Scalars['ID']['input'];
};

/** What `answerQuestion` answers. */
export type AnswerQuestionPayload = {
  __typename?: 'AnswerQuestionPayload';
  /** The session; null when there are errors. */
  session: Maybe<Session>;
  /** What is wrong with the input, or why the session refused. */
  userErrors: Array<UserError>;
};

/** The user gave their word on a stage. */
export type ApprovalAnsweredEvent = SessionEvent & {
  __typename?: 'ApprovalAnsweredEvent';
  /** It may begin. */
  approved: Scalars['Boolean']['output'];
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage. */
  stage: Stage;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** Approval mode waits for the user's word before a stage. */
export type ApprovalAskedEvent = SessionEvent & {
  __typename?: 'ApprovalAskedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage that would begin. */
  stage: Stage;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The stage to continue to. */
  through: Stage;
};

/** What `approveStage` takes. */
export type ApproveStageInput = {
  /** True lets the stage begin; false leaves the session at rest. */
  approve: Scalars['Boolean']['input'];
  /** The session. */
  sessionId: Scalars['ID']['input'];
};

/** What `approveStage` answers. */
export type ApproveStagePayload = {
  __typename?: 'ApproveStagePayload';
  /** The session; null when there are errors. */
  session: Maybe<Session>;
  /** What is wrong with the input, or why the session refused. */
  userErrors: Array<UserError>;
};

/** A file that a stage left. */
export type Artifact = Node & {
  __typename?: 'Artifact';
  /** When it was first reported. */
  createdAt: Scalars['DateTime']['output'];
  /**
   * An address in the object store that gives it to whoever has the address, for five minutes; null where it is not
   * there. Large files are best fetched so.
   */
  downloadUrl: Maybe<Scalars['String']['output']>;
  /** The id: opaque, and unique among all types. */
  id: Scalars['ID']['output'];
  /** The last part of the path. */
  name: Scalars['String']['output'];
  /** Relative to the session's folder. */
  path: Scalars['String']['output'];
  /** Where it stands in the bucket of the object store: `s3://bucket/key`; null until it does. */
  s3Path: Maybe<Scalars['String']['output']>;
  /** SHA-256 of the bytes, lower-case hex, when it was last reported. */
  sha256: Scalars['String']['output'];
  /** Bytes, when it was last reported. */
  size: Scalars['Long']['output'];
  /** The stage that left it. */
  stage: Stage;
  /** The stage run that left it. */
  stageRunId: Scalars['ID']['output'];
  /** True when the stage was run again later, which moved the file away. */
  superseded: Scalars['Boolean']['output'];
  /** What it is. */
  type: ArtifactType;
  /** When it was last reported. */
  updatedAt: Scalars['DateTime']['output'];
  /** Its address below this server. */
  url: Scalars['String']['output'];
};

/** A page of artifacts. */
export type ArtifactConnection = {
  __typename?: 'ArtifactConnection';
  /** The rows with their cursors. */
  edges: Array<ArtifactEdge>;
  /** The rows. */
  nodes: Array<Artifact>;
  /** Where this page is in the list. */
  pageInfo: PageInfo;
  /** How many rows the whole list has. */
  totalCount: Scalars['Long']['output'];
};

/** A row and its place in the list. */
export type ArtifactEdge = {
  __typename?: 'ArtifactEdge';
  /** Where this row is; give it as `after` or `before`. */
  cursor: Scalars['String']['output'];
  /** The row. */
  node: Artifact;
};

/** What an artifact is. */
export type ArtifactType =
  /** A figure. */
  | 'CHART'
  /** A table. */
  | 'DATASET'
  /** Anything else. */
  | 'FILE'
  /** A machine-readable description. */
  | 'METADATA'
  /** A fitted model or pipeline. */
  | 'MODEL'
  /** A stage's report. */
  | 'REPORT'
  /** A script that was run. */
  | 'SCRIPT';

/** A bucket. */
export type Bucket = {
  __typename?: 'Bucket';
  /** When it was made, where the store says so. */
  createdAt: Maybe<Scalars['DateTime']['output']>;
  /** Its name. */
  name: Scalars['String']['output'];
};

/** A folder or an object of a bucket. */
export type BucketEntry = {
  __typename?: 'BucketEntry';
  /** The whole name. */
  key: Scalars['String']['output'];
  /** What it is. */
  kind: BucketEntryKind;
  /** When it was changed; null for a folder. */
  modifiedAt: Maybe<Scalars['DateTime']['output']>;
  /** What comes after the prefix; a folder's ends with a slash. */
  name: Scalars['String']['output'];
  /** Bytes; null for a folder. */
  size: Maybe<Scalars['Long']['output']>;
  /** Its address, for `importObject`: `s3://bucket/key`. */
  uri: Scalars['String']['output'];
};

/** What stands in a bucket. */
export type BucketEntryKind =
  /** All names that go on after it. */
  | 'FOLDER'
  /** An object, which can be imported. */
  | 'OBJECT';

/** A budget is used up. */
export type BudgetExceededEvent = SessionEvent & {
  __typename?: 'BudgetExceededEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Which one. */
  budget: Scalars['String']['output'];
  /** What it was. */
  limit: Scalars['Float']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** Four fifths of a budget are used. */
export type BudgetWarningEvent = SessionEvent & {
  __typename?: 'BudgetWarningEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Which one. */
  budget: Scalars['String']['output'];
  /** What it is. */
  limit: Scalars['Float']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** How much of it is used. */
  used: Scalars['Float']['output'];
};

/** The most that a run and its session may take. Null is no limit. */
export type Budgets = {
  __typename?: 'Budgets';
  /** Wall-clock seconds of one execution. */
  executionSeconds: Scalars['Long']['output'];
  /** MiB of memory of one execution. */
  memoryMib: Scalars['Long']['output'];
  /** Seconds that a question waits for its answer at most; then its default is taken. */
  questionSeconds: Scalars['Long']['output'];
  /** Wall-clock seconds of all executions of the session. */
  sessionSandboxSeconds: Maybe<Scalars['Long']['output']>;
  /** Wall-clock seconds of all runs of the session. */
  sessionSeconds: Maybe<Scalars['Long']['output']>;
  /** Tokens of all runs of the session. */
  sessionTokens: Maybe<Scalars['Long']['output']>;
  /** Calls of the model in all runs of the session. */
  sessionTurns: Maybe<Scalars['Int']['output']>;
  /** USD of all runs of the session. */
  sessionUsd: Maybe<Scalars['Float']['output']>;
  /** Wall-clock seconds of all executions of the run. */
  stageSandboxSeconds: Maybe<Scalars['Long']['output']>;
  /** Wall-clock seconds of the run; waiting for an answer does not count. */
  stageSeconds: Scalars['Long']['output'];
  /** Tokens of the run, read and written, cached or not. */
  stageTokens: Maybe<Scalars['Long']['output']>;
  /** USD of the run. */
  stageUsd: Maybe<Scalars['Float']['output']>;
  /** Calls of the model in the run. */
  turns: Scalars['Int']['output'];
};

/**
 * The most that a run and its session may take. What is absent keeps its value or takes its
 * default; 0 is no limit where there can be none.
 */
export type BudgetsInput = {
  /** Wall-clock seconds of one execution: 1 to 86400; 600 by default. */
  executionSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** MiB of memory of one execution: 256 to what the operator allows, which is the default. */
  memoryMib?: InputMaybe<Scalars['Int']['input']>;
  /** Seconds that a question waits for its answer at most: 0 to 604800; a day by default. */
  questionSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Wall-clock seconds of all executions of the session; no limit by default. */
  sessionSandboxSeconds?: InputMaybe<Scalars['Long']['input']>;
  /** Wall-clock seconds of all runs of the session; no limit by default. */
  sessionSeconds?: InputMaybe<Scalars['Long']['input']>;
  /** Tokens of all runs of the session; no limit by default. */
  sessionTokens?: InputMaybe<Scalars['Long']['input']>;
  /** Calls of the model in all runs of the session; no limit by default. */
  sessionTurns?: InputMaybe<Scalars['Int']['input']>;
  /** USD of all runs of the session; 5 by default. */
  sessionUsd?: InputMaybe<Scalars['Float']['input']>;
  /** Wall-clock seconds of all executions of the run; no limit by default. */
  stageSandboxSeconds?: InputMaybe<Scalars['Long']['input']>;
  /** Wall-clock seconds of the run: 10 to 86400; 3600 by default. */
  stageSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Tokens of the run; no limit by default. */
  stageTokens?: InputMaybe<Scalars['Long']['input']>;
  /** USD of the run; no limit by default. */
  stageUsd?: InputMaybe<Scalars['Float']['input']>;
  /** Calls of the model: 1 to 1000; 30 by default. */
  turns?: InputMaybe<Scalars['Int']['input']>;
};

/** The limits of the run at work, or of the one that can be resumed, were changed. */
export type BudgetsSetEvent = SessionEvent & {
  __typename?: 'BudgetsSetEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** What holds now. */
  budgets: Budgets;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** What `cancelSession` takes. */
export type CancelSessionInput = {
  /** The session. */
  sessionId: Scalars['ID']['input'];
};

/** What `cancelSession` answers. */
export type CancelSessionPayload = {
  __typename?: 'CancelSessionPayload';
  /** The session; null when there are errors. */
  session: Maybe<Session>;
  /** What is wrong with the input, or why the session refused. */
  userErrors: Array<UserError>;
};

/** A chart of the dashboard. */
export type Chart = {
  __typename?: 'Chart';
  /** The names of the series in it. */
  metrics: Array<Scalars['String']['output']>;
  /** Its title. */
  title: Scalars['String']['output'];
  /** `line`, `bar` …: a hint; what is not known is drawn as lines. */
  type: Scalars['String']['output'];
};

/** A program laid the dashboard out. */
export type ChartConfigEvent = SessionEvent & {
  __typename?: 'ChartConfigEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that runs it. */
  callId: Scalars['String']['output'];
  /** The charts, in order; they take the place of those before. */
  charts: Array<Chart>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** A program printed something. */
export type CodeOutputEvent = SessionEvent & {
  __typename?: 'CodeOutputEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that runs it. */
  callId: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** Where it printed. */
  stream: OutputStream;
  /** What it printed; a piece, not always a line. */
  text: Scalars['String']['output'];
};

/**
 * Older parts of the conversation are shown to the model in short from here on; the log keeps
 * everything.
 */
export type ContextCondensedEvent = SessionEvent & {
  __typename?: 'ContextCondensedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** Turns up to this one are shown as a summary. */
  summarisedTurns: Scalars['Int']['output'];
  /** Results of tools up to this turn are shown by their heads. */
  turns: Scalars['Int']['output'];
};

/** What `createExperiment` takes. */
export type CreateExperimentInput = {
  /** What it is. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** The same key answers the first result again. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** What the user wants of it. */
  instructions?: InputMaybe<Scalars['String']['input']>;
  /** The table to train on, when the files make several. */
  mainTable?: InputMaybe<Scalars['String']['input']>;
  /** Its name; the first file's by default. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** Where the files come from. */
  source: DatasetSource;
  /** The column to predict; the agent chooses by the instructions when it is absent. */
  target?: InputMaybe<Scalars['String']['input']>;
};

/** What `createExperiment` answers. */
export type CreateExperimentPayload = {
  __typename?: 'CreateExperimentPayload';
  /** The experiment; null when there are errors. */
  experiment: Maybe<Experiment>;
  /** What is wrong with the input. */
  userErrors: Array<UserError>;
};

/** What `createSession` takes. */
export type CreateSessionInput = {
  /** How hard the model thinks; its own default when it is absent. */
  effort?: InputMaybe<Effort>;
  /** The experiment. */
  experimentId: Scalars['ID']['input'];
  /** The same key answers the first result again. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The model of its runs; the provider's default when it is absent. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** The model provider of its runs; the server's default when it is absent. */
  provider?: InputMaybe<Scalars['String']['input']>;
};

/** What `createSession` answers. */
export type CreateSessionPayload = {
  __typename?: 'CreateSessionPayload';
  /** The session; null when there are errors. */
  session: Maybe<Session>;
  /** What is wrong with the input, or why the session refused. */
  userErrors: Array<UserError>;
};

/** What `createUpload` takes. */
export type CreateUploadInput = {
  /** The file's name, for people. */
  fileName: Scalars['String']['input'];
  /** The same key answers the first result again. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /**
   * Bytes, when they are known: one that is too large is refused before it is sent. An upload that is sent in several
   * goes is stored with the last of them; without this its last `PATCH` says `Upload-Length`.
   */
  size?: InputMaybe<Scalars['Long']['input']>;
};

/** What `createUpload` answers. */
export type CreateUploadPayload = {
  __typename?: 'CreateUploadPayload';
  /** The upload; null when there are errors. */
  upload: Maybe<Upload>;
  /** What is wrong with the input. */
  userErrors: Array<UserError>;
};

/** One column of a table. */
export type DatasetColumn = {
  __typename?: 'DatasetColumn';
  /** How its values are stored. */
  dtype: Scalars['String']['output'];
  /** Some values, as text. */
  examples: Array<Scalars['String']['output']>;
  /** What they mean: `numeric`, `categorical`, `boolean`, `datetime`, `text`, `identifier` or `empty`. */
  kind: Scalars['String']['output'];
  /** The largest value, as text. */
  max: Maybe<Scalars['String']['output']>;
  /** The mean of a column of numbers. */
  mean: Maybe<Scalars['Float']['output']>;
  /** The smallest value, as text. */
  min: Maybe<Scalars['String']['output']>;
  /** Rows without a value. */
  missing: Scalars['Long']['output'];
  /** Its name. */
  name: Scalars['String']['output'];
  /** The most frequent values. */
  top: Array<ValueCount>;
  /** Different values; approximate for a very large table. */
  unique: Maybe<Scalars['Long']['output']>;
};

/** The server described the dataset for this run. */
export type DatasetDescribedEvent = SessionEvent & {
  __typename?: 'DatasetDescribedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** What it found. */
  dataset: DatasetDescription;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** What the server found in the files of an experiment. */
export type DatasetDescription = {
  __typename?: 'DatasetDescription';
  /** The table to train on. */
  mainTable: Maybe<Scalars['String']['output']>;
  /** Sentences that need no action. */
  notes: Array<Scalars['String']['output']>;
  /** The tables, each made of one or more files. */
  tables: Array<DatasetTable>;
  /** What was mended or deserves a look. */
  warnings: Array<DatasetFinding>;
};

/** A file that an experiment was made of. */
export type DatasetFile = {
  __typename?: 'DatasetFile';
  /** The name that the user gave it. */
  name: Scalars['String']['output'];
  /** SHA-256 of the bytes, lower-case hex. */
  sha256: Scalars['String']['output'];
  /** Bytes. */
  size: Scalars['Long']['output'];
};

/** Something about the files that deserves a look. */
export type DatasetFinding = {
  __typename?: 'DatasetFinding';
  /** A code for programs, such as `MIXED_TYPES`. */
  code: Scalars['String']['output'];
  /** The column that it is about. */
  column: Maybe<Scalars['String']['output']>;
  /** The file that it is about. */
  file: Maybe<Scalars['String']['output']>;
  /** One sentence that says what it is and what to do. */
  message: Scalars['String']['output'];
};

/** Prep made the data ready. */
export type DatasetProcessedEvent = SessionEvent & {
  __typename?: 'DatasetProcessedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The columns to learn from. */
  featureColumns: Array<Scalars['String']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The column to predict. */
  targetColumn: Scalars['String']['output'];
  /** Rows to judge by, once. */
  testRows: Scalars['Long']['output'];
  /** Rows to learn from. */
  trainRows: Scalars['Long']['output'];
  /** Rows to choose by. */
  valRows: Scalars['Long']['output'];
};

/** Where the files of a dataset come from. */
export type DatasetSource =
  /** A dataset that comes with the server. */
  { sampleId: Scalars['ID']['input']; uploadIds?: never; }
  |  /** Uploads that are stored, in order. */
  { sampleId?: never; uploadIds: Array<Scalars['ID']['input']>; };

/** One table of a dataset. */
export type DatasetTable = {
  __typename?: 'DatasetTable';
  /** Its columns, in order. */
  columns: Array<DatasetColumn>;
  /** Rows that equal an earlier one; null when they were not counted. */
  duplicates: Maybe<Scalars['Long']['output']>;
  /** The files that it is made of. */
  fileNames: Array<Scalars['String']['output']>;
  /** Its name. */
  name: Scalars['String']['output'];
  /** How many rows it has. */
  rows: Scalars['Long']['output'];
};

/** What `deleteExperiment` takes. */
export type DeleteExperimentInput = {
  /** The experiment. */
  experimentId: Scalars['ID']['input'];
};

/** What `deleteExperiment` answers. */
export type DeleteExperimentPayload = {
  __typename?: 'DeleteExperimentPayload';
  /** The id of what was deleted; null when there are errors. */
  deletedId: Maybe<Scalars['ID']['output']>;
  /** What is wrong with the input. */
  userErrors: Array<UserError>;
};

/** What `deleteSession` takes. */
export type DeleteSessionInput = {
  /** The session. */
  sessionId: Scalars['ID']['input'];
};

/** What `deleteSession` answers. */
export type DeleteSessionPayload = {
  __typename?: 'DeleteSessionPayload';
  /** The id of what was deleted; null when there are errors. */
  deletedId: Maybe<Scalars['ID']['output']>;
  /** What is wrong with the input. */
  userErrors: Array<UserError>;
};

/** What `deleteUpload` takes. */
export type DeleteUploadInput = {
  /** The upload. */
  uploadId: Scalars['ID']['input'];
};

/** What `deleteUpload` answers. */
export type DeleteUploadPayload = {
  __typename?: 'DeleteUploadPayload';
  /** The id of what was deleted; null when there are errors. */
  deletedId: Maybe<Scalars['ID']['output']>;
  /** What is wrong with the input. */
  userErrors: Array<UserError>;
};

/** How hard a model thinks before it answers, from least to most. */
export type Effort =
  /** Much: for hard problems. */
  | 'HIGH'
  /** A little: fast and cheap. */
  | 'LOW'
  /** As much as the model can. */
  | 'MAX'
  /** Somewhat. */
  | 'MEDIUM'
  /** Not at all, where the model lets one choose. */
  | 'NONE';

/** The Python environment of the sandboxes. */
export type EnvironmentInfo = {
  __typename?: 'EnvironmentInfo';
  /** Why it cannot be made. */
  error: Maybe<Scalars['String']['output']>;
  /** The last line of progress while it is being made. */
  progress: Maybe<Scalars['String']['output']>;
  /** It can be used. */
  ready: Scalars['Boolean']['output'];
};

/** A file that a stage left, as it was then. */
export type EventFile = {
  __typename?: 'EventFile';
  /** The last part of the path. */
  name: Scalars['String']['output'];
  /** Relative to the session's folder. */
  path: Scalars['String']['output'];
  /** Bytes. */
  size: Scalars['Long']['output'];
  /** The stage that left it. */
  stage: Stage;
  /** What it is. */
  type: ArtifactType;
  /** Its address below this server. */
  url: Scalars['String']['output'];
};

/** A program in the sandbox ended. */
export type ExecutionEndedEvent = SessionEvent & {
  __typename?: 'ExecutionEndedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that ran it. */
  callId: Scalars['String']['output'];
  /** Its exit code, or the number of the signal. */
  code: Maybe<Scalars['Int']['output']>;
  /** USD that the rented sandbox has cost since its execution before; null where nobody is paid. */
  costUsd: Maybe<Scalars['Float']['output']>;
  /** Seconds of all its processes together. */
  cpuSeconds: Scalars['Float']['output'];
  /** Bytes of output beyond the cap, which were dropped. */
  droppedOutput: Scalars['Long']['output'];
  /** Milliseconds. */
  durationMs: Scalars['Long']['output'];
  /** How it ended. */
  how: ExecutionEndingKind;
  /** Bytes; null where the machine cannot tell. */
  peakMemory: Maybe<Scalars['Long']['output']>;
  /** How it ended, in words: the end of a sentence that begins with the program. */
  said: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** The ways an execution ends. */
export type ExecutionEndingKind =
  /** It passed its limit of bytes or files on disk. */
  | 'DISK_FULL'
  /** It exited by itself. */
  | 'EXITED'
  /** The server or the sandbox went away while it ran; its outcome is unknown. */
  | 'INTERRUPTED'
  /** It had less than that, but all executions together had used up the machine's memory. */
  | 'MACHINE_OUT_OF_MEMORY'
  /** The sandbox could not be started. */
  | 'NOT_STARTED'
  /** It passed the memory of one execution. */
  | 'OUT_OF_MEMORY'
  /** A signal ended it. */
  | 'SIGNALLED'
  /** The user or a budget stopped it. */
  | 'TERMINATED'
  /** It passed its wall-clock limit. */
  | 'TIMED_OUT';

/** The most that one execution may take. */
export type ExecutionLimits = {
  __typename?: 'ExecutionLimits';
  /** Cores. */
  cpus: Scalars['Int']['output'];
  /** MiB that the folders it may write to hold in all. */
  diskMib: Scalars['Long']['output'];
  /** Files that the folders it may write to hold in all. */
  files: Scalars['Long']['output'];
  /** MiB of memory; a run's budgets may say less. */
  memoryMib: Scalars['Long']['output'];
  /** Open files of one process. */
  openFiles: Scalars['Long']['output'];
  /** Bytes of output that are kept; the rest is counted and dropped. */
  outputBytes: Scalars['Long']['output'];
  /** Processes and threads together. */
  processes: Scalars['Int']['output'];
  /** Wall-clock seconds; a run's budgets may say otherwise. */
  seconds: Scalars['Long']['output'];
};

/** A program that waited has its place and begins. */
export type ExecutionPlacedEvent = SessionEvent & {
  __typename?: 'ExecutionPlacedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that runs it. */
  callId: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** Milliseconds that it waited; they count for no limit of executions. */
  waitedMs: Scalars['Long']['output'];
};

/** A program started in the sandbox. */
export type ExecutionStartedEvent = SessionEvent & {
  __typename?: 'ExecutionStartedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that runs it. */
  callId: Scalars['String']['output'];
  /** MiB that it may take. */
  memoryMib: Scalars['Long']['output'];
  /** The saved script, relative to the session's folder. */
  script: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** Wall-clock seconds that it may take. */
  timeoutSeconds: Scalars['Long']['output'];
};

/** A program waits for a place in which to run: others take all the memory or all the places. */
export type ExecutionWaitingEvent = SessionEvent & {
  __typename?: 'ExecutionWaitingEvent';
  /** How many that wait too come before it. */
  ahead: Scalars['Int']['output'];
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that runs it. */
  callId: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** One dataset with the user's instructions. */
export type Experiment = Node & {
  __typename?: 'Experiment';
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** What the server found in the files. */
  dataset: DatasetDescription;
  /** What the user says that it is. */
  description: Scalars['String']['output'];
  /** The files that it was made of. */
  files: Array<DatasetFile>;
  /** The id: opaque, and unique among all types. */
  id: Scalars['ID']['output'];
  /** What the user wants of it. */
  instructions: Scalars['String']['output'];
  /** The newest session. */
  latestSession: Maybe<Session>;
  /** The table to train on, when the user named it. */
  mainTable: Maybe<Scalars['String']['output']>;
  /** Its name. */
  name: Scalars['String']['output'];
  /** Its sessions, newest first. */
  sessions: SessionConnection;
  /** The column to predict, when the user named it. */
  target: Maybe<Scalars['String']['output']>;
};


/** One dataset with the user's instructions. */
export type ExperimentSessionsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
};

/** An experiment that changed. */
export type ExperimentChange = {
  __typename?: 'ExperimentChange';
  /** The experiment; it may be gone by now. */
  experimentId: Scalars['ID']['output'];
};

/** A page of experiments. */
export type ExperimentConnection = {
  __typename?: 'ExperimentConnection';
  /** The rows with their cursors. */
  edges: Array<ExperimentEdge>;
  /** The rows. */
  nodes: Array<Experiment>;
  /** Where this page is in the list. */
  pageInfo: PageInfo;
  /** How many rows the whole list has. */
  totalCount: Scalars['Long']['output'];
};

/** A row and its place in the list. */
export type ExperimentEdge = {
  __typename?: 'ExperimentEdge';
  /** Where this row is; give it as `after` or `before`. */
  cursor: Scalars['String']['output'];
  /** The row. */
  node: Experiment;
};

/** A stage changed a file. */
export type FileChangedEvent = SessionEvent & {
  __typename?: 'FileChangedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that changed it; null when it was found later. */
  callId: Maybe<Scalars['String']['output']>;
  /** The file. */
  file: EventFile;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** A stage left a new file. */
export type FileCreatedEvent = SessionEvent & {
  __typename?: 'FileCreatedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that left it; null when it was found later. */
  callId: Maybe<Scalars['String']['output']>;
  /** The file. */
  file: EventFile;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** A file of a session, as it is now. */
export type FileEntry = {
  __typename?: 'FileEntry';
  /** When it was last written. */
  modifiedAt: Scalars['DateTime']['output'];
  /** The last part of the path. */
  name: Scalars['String']['output'];
  /** Relative to the session's folder. */
  path: Scalars['String']['output'];
  /**
   * Some rows of a csv, tsv, parquet, xlsx or jsonl file; null for other files. Takes about a
   * second: a sandbox of its own reads the file.
   */
  preview: Maybe<TablePreview>;
  /** Bytes. */
  size: Scalars['Long']['output'];
  /** Up to 256 KiB of its text; null for a binary file. */
  text: Maybe<Scalars['String']['output']>;
  /** What it is. */
  type: ArtifactType;
  /** Its address below this server. */
  url: Scalars['String']['output'];
};


/** A file of a session, as it is now. */
export type FileEntryPreviewArgs = {
  first: InputMaybe<Scalars['Int']['input']>;
  offset: InputMaybe<Scalars['Long']['input']>;
};

/** The files of a stage are complete. */
export type FilesReadyEvent = SessionEvent & {
  __typename?: 'FilesReadyEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** All of them. */
  files: Array<EventFile>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage. */
  stage: Stage;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** A program left entries that are not kept: links, devices, odd names, files that are too large. */
export type FilesRefusedEvent = SessionEvent & {
  __typename?: 'FilesRefusedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that left them. */
  callId: Scalars['String']['output'];
  /** The entries, each told once. */
  files: Array<RefusedEntry>;
  /** How many there are beside these. */
  more: Scalars['Long']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** The agent has answered a message, or stopped. */
export type FollowUpEndedEvent = SessionEvent & {
  __typename?: 'FollowUpEndedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** What ended it, when it failed. */
  error: Maybe<Scalars['String']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** How it ended. */
  state: StageRunState;
};

/** The agent begins to answer a message while the session rests; no result changes. */
export type FollowUpStartedEvent = SessionEvent & {
  __typename?: 'FollowUpStartedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The model. */
  model: Scalars['String']['output'];
  /** The model provider. */
  provider: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** An object that is being fetched from a bucket. It goes on by itself when the store was away or the server restarted. */
export type Import = {
  __typename?: 'Import';
  /** Why it ended before all of them had come: import it again. */
  error: Maybe<Scalars['String']['output']>;
  /** Bytes that have come. */
  received: Scalars['Long']['output'];
  /** Bytes in all. */
  total: Scalars['Long']['output'];
  /** Why nothing comes at the moment; it is tried again. */
  warning: Maybe<Scalars['String']['output']>;
};

/** What `importObject` takes. */
export type ImportObjectInput = {
  /** The same key answers the first result again. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The object: `s3://bucket/key`. */
  uri: Scalars['String']['input'];
};

/** What `importObject` answers. */
export type ImportObjectPayload = {
  __typename?: 'ImportObjectPayload';
  /** The upload that the object is fetched into; null when there are errors. */
  upload: Maybe<Upload>;
  /** What is wrong with the input. */
  userErrors: Array<UserError>;
};

/** What `importTranscript` takes. */
export type ImportTranscriptInput = {
  /** The same key answers the first result again. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The upload that holds the transcript, as `Session.transcriptUrl` gave it. */
  uploadId: Scalars['ID']['input'];
};

/** What `importTranscript` answers. */
export type ImportTranscriptPayload = {
  __typename?: 'ImportTranscriptPayload';
  /** The transcript; null when there are errors. */
  transcript: Maybe<Transcript>;
  /** What is wrong with the input. */
  userErrors: Array<UserError>;
};

/** A program logged something that is no number. */
export type LogRecordEvent = SessionEvent & {
  __typename?: 'LogRecordEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that runs it. */
  callId: Scalars['String']['output'];
  /** Its content; its shape follows from the kind. */
  data: Scalars['JSON']['output'];
  /** What it is. */
  kind: RecordKind;
  /** Its name. */
  name: Scalars['String']['output'];
  /** The tag of the run that it belongs to. */
  run: Maybe<Scalars['String']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The step that it belongs to. */
  step: Maybe<Scalars['Long']['output']>;
};

/** One message between the user and the agent. */
export type Message = Node & {
  __typename?: 'Message';
  /** What was said; Markdown when the agent said it. */
  content: Scalars['String']['output'];
  /** When it was said. */
  createdAt: Scalars['DateTime']['output'];
  /** The id: opaque, and unique among all types. */
  id: Scalars['ID']['output'];
  /** What kind of message it is, with the tool call that it belongs to. */
  metadata: Maybe<Scalars['JSON']['output']>;
  /** Who said it. */
  role: MessageRole;
  /** The sequence of the event that carried it. */
  seq: Scalars['Long']['output'];
  /** The stage in which it was said. */
  stage: Maybe<Stage>;
  /** The stage run in which it was said. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** A page of messages. */
export type MessageConnection = {
  __typename?: 'MessageConnection';
  /** The rows with their cursors. */
  edges: Array<MessageEdge>;
  /** The rows. */
  nodes: Array<Message>;
  /** Where this page is in the list. */
  pageInfo: PageInfo;
};

/** A row and its place in the list. */
export type MessageEdge = {
  __typename?: 'MessageEdge';
  /** Where this row is; give it as `after` or `before`. */
  cursor: Scalars['String']['output'];
  /** The row. */
  node: Message;
};

/** Who said a message. */
export type MessageRole =
  /** The agent. */
  | 'ASSISTANT'
  /** The system itself: errors and notices. */
  | 'SYSTEM'
  /** What a tool answered. */
  | 'TOOL'
  /** The person. */
  | 'USER';

/**
 * Neighbouring points of a series as one. All buckets of an answer span the same number of steps, a
 * power of two, and each begins at a multiple of that, so buckets of a closer look lie within those
 * of one from afar.
 */
export type MetricBucket = {
  __typename?: 'MetricBucket';
  /** When the point that was logged last was recorded. */
  at: Scalars['DateTime']['output'];
  /** How many points it stands for: 1 or more. */
  count: Scalars['Long']['output'];
  /** What the number of the point that was logged last is. */
  kind: MetricKind;
  /** The value of the point that was logged last; null unless `kind` is `FINITE`. */
  last: Maybe<Scalars['Float']['output']>;
  /** The largest finite value; null when there is none. */
  max: Maybe<Scalars['Float']['output']>;
  /** The smallest finite value; null when there is none. */
  min: Maybe<Scalars['Float']['output']>;
  /** The largest step of its points. */
  x: Scalars['Long']['output'];
};

/** What a metric's number is: JSON knows only finite ones. */
export type MetricKind =
  /** An ordinary number. */
  | 'FINITE'
  /** Above every number. */
  | 'INFINITY'
  /** Not a number. */
  | 'NAN'
  /** Below every number. */
  | 'NEGATIVE_INFINITY';

/** One point of a metric series. */
export type MetricPoint = {
  __typename?: 'MetricPoint';
  /** What the number is. */
  kind: MetricKind;
  /** The name of the series. */
  name: Scalars['String']['output'];
  /** The tag of the run, such as a trial of a search. */
  run: Maybe<Scalars['String']['output']>;
  /** The step that the program gave it. */
  step: Scalars['Long']['output'];
  /** Null unless `kind` is `FINITE`. */
  value: Maybe<Scalars['Float']['output']>;
};

/** One metric series at a glance. */
export type MetricSeries = {
  __typename?: 'MetricSeries';
  /** How many points it has. */
  count: Scalars['Long']['output'];
  /** Its first step. */
  firstStep: Scalars['Long']['output'];
  /** The latest value; null unless `lastKind` is `FINITE`. */
  last: Maybe<Scalars['Float']['output']>;
  /** What the latest number is. */
  lastKind: MetricKind;
  /** Its last step. */
  lastStep: Scalars['Long']['output'];
  /** The largest finite value. */
  max: Maybe<Scalars['Float']['output']>;
  /** The smallest finite value. */
  min: Maybe<Scalars['Float']['output']>;
  /** Its name. */
  name: Scalars['String']['output'];
  /** The tag of its run, such as a trial of a search. */
  run: Maybe<Scalars['String']['output']>;
  /** The stage that logged it. */
  stage: Stage;
  /** The stage run that logged it. */
  stageRunId: Scalars['ID']['output'];
};

/** A program logged metric points. */
export type MetricsBatchEvent = SessionEvent & {
  __typename?: 'MetricsBatchEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call that runs it. */
  callId: Scalars['String']['output'];
  /** The points, in the order in which they were logged. */
  items: Array<MetricPoint>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** A model of a provider. */
export type Model = {
  __typename?: 'Model';
  /** USD per million tokens read from the provider's cache. */
  cacheReadUsdPerMillion: Maybe<Scalars['Float']['output']>;
  /** USD per million tokens written to the provider's cache. */
  cacheWriteUsdPerMillion: Maybe<Scalars['Float']['output']>;
  /** Its window, in tokens; null when it is not known. */
  contextTokens: Maybe<Scalars['Long']['output']>;
  /** The provider's name for it. */
  id: Scalars['String']['output'];
  /** USD per million tokens read; null when the price is not known. */
  inputUsdPerMillion: Maybe<Scalars['Float']['output']>;
  /** True for the one that is taken when none is named. */
  isDefault: Scalars['Boolean']['output'];
  /** The longest answer, in tokens; null when it is not known. */
  maxOutputTokens: Maybe<Scalars['Long']['output']>;
  /** USD per million tokens written. */
  outputUsdPerMillion: Maybe<Scalars['Float']['output']>;
  /** The day on which the price was read. */
  priceReadOn: Maybe<Scalars['String']['output']>;
};

/** Everything that can be asked of the server. */
export type Mutation = {
  __typename?: 'Mutation';
  /** Answers the question that the agent waits with. */
  answerQuestion: AnswerQuestionPayload;
  /** Gives the user's word on the stage that approval mode asks about. */
  approveStage: ApproveStagePayload;
  /** Stops what runs, within a second. */
  cancelSession: CancelSessionPayload;
  /**
   * Describes the files in a sandbox and makes an experiment of them. Takes seconds, and longer
   * for a large file.
   */
  createExperiment: CreateExperimentPayload;
  /** Makes a session of an experiment. Nothing runs until a stage is started. */
  createSession: CreateSessionPayload;
  /** Hands out an address to send one file to, in several goes or at once: see `url`. */
  createUpload: CreateUploadPayload;
  /** Deletes an experiment with its sessions and files, for good. One at work is refused. */
  deleteExperiment: DeleteExperimentPayload;
  /**
   * Deletes a session with its files, metrics and messages, for good. One at work is refused:
   * cancel it first. Whoever watches it is told.
   */
  deleteSession: DeleteSessionPayload;
  /** Deletes an upload that no experiment has, and what was kept of it. Whoever sends it, or an import into it, ends. */
  deleteUpload: DeleteUploadPayload;
  /**
   * Begins to fetch an object of a bucket into an upload. Ask for the upload until it is stored, and then give it
   * as one of the `uploadIds` of a dataset's source.
   */
  importObject: ImportObjectPayload;
  /** Takes in a transcript, so that provider `replay` can play it on the same data. */
  importTranscript: ImportTranscriptPayload;
  /** Gives an experiment another name. */
  renameExperiment: RenameExperimentPayload;
  /**
   * Lets the failed or cancelled stage go on from its last finished tool call, with its files and
   * its conversation as they were.
   */
  resumeStage: ResumeStagePayload;
  /** Runs the failed or cancelled stage again from its beginning, with what it was started with. */
  retryStage: RetryStagePayload;
  /**
   * Says something to the agent: it steers one that is at work. At rest it is answered in a
   * follow-up, which changes no result, when the provider converses; otherwise it is kept for the
   * next run.
   */
  sendMessage: SendMessagePayload;
  /** Changes the limits of the run at work, at once, or of the one that can be resumed. */
  setBudgets: SetBudgetsPayload;
  /** Starts a stage. */
  startStage: StartStagePayload;
};


/** Everything that can be asked of the server. */
export type MutationAnswerQuestionArgs = {
  input: AnswerQuestionInput;
};


/** Everything that can be asked of the server. */
export type MutationApproveStageArgs = {
  input: ApproveStageInput;
};


/** Everything that can be asked of the server. */
export type MutationCancelSessionArgs = {
  input: CancelSessionInput;
};


/** Everything that can be asked of the server. */
export type MutationCreateExperimentArgs = {
  input: CreateExperimentInput;
};


/** Everything that can be asked of the server. */
export type MutationCreateSessionArgs = {
  input: CreateSessionInput;
};


/** Everything that can be asked of the server. */
export type MutationCreateUploadArgs = {
  input: CreateUploadInput;
};


/** Everything that can be asked of the server. */
export type MutationDeleteExperimentArgs = {
  input: DeleteExperimentInput;
};


/** Everything that can be asked of the server. */
export type MutationDeleteSessionArgs = {
  input: DeleteSessionInput;
};


/** Everything that can be asked of the server. */
export type MutationDeleteUploadArgs = {
  input: DeleteUploadInput;
};


/** Everything that can be asked of the server. */
export type MutationImportObjectArgs = {
  input: ImportObjectInput;
};


/** Everything that can be asked of the server. */
export type MutationImportTranscriptArgs = {
  input: ImportTranscriptInput;
};


/** Everything that can be asked of the server. */
export type MutationRenameExperimentArgs = {
  input: RenameExperimentInput;
};


/** Everything that can be asked of the server. */
export type MutationResumeStageArgs = {
  input: ResumeStageInput;
};


/** Everything that can be asked of the server. */
export type MutationRetryStageArgs = {
  input: RetryStageInput;
};


/** Everything that can be asked of the server. */
export type MutationSendMessageArgs = {
  input: SendMessageInput;
};


/** Everything that can be asked of the server. */
export type MutationSetBudgetsArgs = {
  input: SetBudgetsInput;
};


/** Everything that can be asked of the server. */
export type MutationStartStageArgs = {
  input: StartStageInput;
};

/** Something that has an id of its own and can be fetched by it. */
export type Node = {
  /** The id: opaque, and unique among all types. */
  id: Scalars['ID']['output'];
};

/**
 * The system itself says something: to the agent about what is missing, or to people about
 * progress.
 */
export type NoticeEvent = SessionEvent & {
  __typename?: 'NoticeEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Progress that no model sees. */
  forPeople: Scalars['Boolean']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** What it said. */
  text: Scalars['String']['output'];
};

/** A page of folders and objects. */
export type ObjectConnection = {
  __typename?: 'ObjectConnection';
  /** The rows with their cursors. */
  edges: Array<ObjectEdge>;
  /** The rows. */
  nodes: Array<BucketEntry>;
  /** Where this page is in the list. A search may find nothing on a page and go on behind it. */
  pageInfo: PageInfo;
};

/** A row and its place in the list. */
export type ObjectEdge = {
  __typename?: 'ObjectEdge';
  /** Where this row is; give it as `after`. */
  cursor: Scalars['String']['output'];
  /** The row. */
  node: BucketEntry;
};

/** The object store that others reach too. Datasets rest in it, and the files of finished stages. */
export type ObjectStore = {
  __typename?: 'ObjectStore';
  /** The bucket that this server writes to. */
  bucket: Scalars['String']['output'];
  /** The buckets that the server's credentials may list; where they may list none, its own. */
  buckets: Array<Bucket>;
  /** Its address; null for AWS. */
  endpoint: Maybe<Scalars['String']['output']>;
  /** Folders and objects of a bucket, by name. What this server keeps for itself is left out. */
  objects: ObjectConnection;
  /** The folder of that bucket that is this server's; empty when all of it is. */
  prefix: Scalars['String']['output'];
  /** What is wrong with it now and what to do, in one sentence; null when it answered the last time. */
  problem: Maybe<Scalars['String']['output']>;
  /** Since when there is a problem. */
  problemSince: Maybe<Scalars['DateTime']['output']>;
  /** Sessions whose files are not all in it yet. */
  waitingSessions: Scalars['Long']['output'];
};


/** The object store that others reach too. Datasets rest in it, and the files of finished stages. */
export type ObjectStoreObjectsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  bucket: Scalars['String']['input'];
  first: InputMaybe<Scalars['Int']['input']>;
  prefix?: Scalars['String']['input'];
  search: InputMaybe<Scalars['String']['input']>;
};

/** A question of the agent's that waits for its answer. */
export type OpenQuestion = {
  __typename?: 'OpenQuestion';
  /** The tool call that asks; give it with the answer. */
  callId: Scalars['String']['output'];
  /** When the default is taken. */
  deadline: Maybe<Scalars['DateTime']['output']>;
  /** What is taken for the answer when none comes in time. */
  default: Maybe<Scalars['String']['output']>;
  /** Answers to choose from; any text may be given beside them. */
  options: Array<Scalars['String']['output']>;
  /** The question. */
  question: Scalars['String']['output'];
};

/** Which of a program's two outputs. */
export type OutputStream =
  /** The output for errors and warnings. */
  | 'STDERR'
  /** The ordinary output. */
  | 'STDOUT';

/** Where a page is in its list. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The cursor of the last edge; null when there is none. */
  endCursor: Maybe<Scalars['String']['output']>;
  /** There are more after this page. */
  hasNextPage: Scalars['Boolean']['output'];
  /** There are more before this page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first edge; null when there is none. */
  startCursor: Maybe<Scalars['String']['output']>;
};

/** How a step of the agent's plan stands. */
export type PlanStatus =
  /** Finished. */
  | 'DONE'
  /** At work. */
  | 'IN_PROGRESS'
  /** Not begun. */
  | 'PENDING';

/** A step of the agent's plan. */
export type PlanStep = {
  __typename?: 'PlanStep';
  /** How it stands. */
  status: PlanStatus;
  /** What is to be done. */
  title: Scalars['String']['output'];
};

/** The agent changed its plan. */
export type PlanUpdatedEvent = SessionEvent & {
  __typename?: 'PlanUpdatedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The whole plan. */
  steps: Array<PlanStep>;
};

/** A column of a table file. */
export type PreviewColumn = {
  __typename?: 'PreviewColumn';
  /** How its values are stored. */
  dtype: Scalars['String']['output'];
  /** Its name. */
  name: Scalars['String']['output'];
};

/** What Prep made of a dataset. */
export type ProcessedDataset = {
  __typename?: 'ProcessedDataset';
  /** The columns as Prep describes them. */
  columns: Scalars['JSON']['output'];
  /** The columns to learn from. */
  featureColumns: Array<Scalars['String']['output']>;
  /** What Prep says about the data's quality. */
  qualityStats: Scalars['JSON']['output'];
  /** True when the splits rest in the object store too. */
  s3Synced: Scalars['Boolean']['output'];
  /** The column to predict. */
  targetColumn: Scalars['String']['output'];
  /** Rows to judge by, once. */
  testRows: Scalars['Long']['output'];
  /** Rows of the three splits together. */
  totalRows: Scalars['Long']['output'];
  /** Rows to learn from. */
  trainRows: Scalars['Long']['output'];
  /** Rows to choose by. */
  valRows: Scalars['Long']['output'];
};

/** A model provider. */
export type Provider = {
  __typename?: 'Provider';
  /** It can be used as the server is configured. */
  available: Scalars['Boolean']['output'];
  /** It answers what a person says while a session rests. */
  converses: Scalars['Boolean']['output'];
  /** The model that is taken when none is named. */
  defaultModel: Scalars['String']['output'];
  /** What it is, in one sentence. */
  description: Scalars['String']['output'];
  /** True for the one that is taken when none is named. */
  isDefault: Scalars['Boolean']['output'];
  /** Its models, the default one first: what it says it has, else what the server knows of it. */
  models: Array<Model>;
  /** Its name; give it when a stage is started. */
  name: Scalars['String']['output'];
  /** Why it cannot be used, with the way out. */
  reason: Maybe<Scalars['String']['output']>;
};

/** Everything that can be read. */
export type Query = {
  __typename?: 'Query';
  /** One experiment; null when there is none. */
  experiment: Maybe<Experiment>;
  /** The experiments, newest first. */
  experiments: ExperimentConnection;
  /** One thing by its id; null when there is none. */
  node: Maybe<Node>;
  /** Several things by their ids, in their order; null in the place of each that is not there. */
  nodes: Array<Maybe<Node>>;
  /** The object store that others reach too; null when everything is kept in the server's data directory. */
  objectStore: Maybe<ObjectStore>;
  /** The model providers, usable or not, in the order in which people choose. */
  providers: Array<Provider>;
  /** The datasets that come with the server. */
  samples: Array<Sample>;
  /** What this server is. */
  server: ServerInfo;
  /** One session; null when there is none. */
  session: Maybe<Session>;
  /** One of the caller's uploads; null when there is none. */
  upload: Maybe<Upload>;
};


/** Everything that can be read. */
export type QueryExperimentArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be read. */
export type QueryExperimentsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
  search: InputMaybe<Scalars['String']['input']>;
};


/** Everything that can be read. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be read. */
export type QueryNodesArgs = {
  ids: Array<Scalars['ID']['input']>;
};


/** Everything that can be read. */
export type QuerySessionArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be read. */
export type QueryUploadArgs = {
  id: Scalars['ID']['input'];
};

/** The user answered a question of the agent's. */
export type QuestionAnsweredEvent = SessionEvent & {
  __typename?: 'QuestionAnsweredEvent';
  /** The answer. */
  answer: Scalars['String']['output'];
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The tool call that asked. */
  callId: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** The agent asks the user, and waits. */
export type QuestionAskedEvent = SessionEvent & {
  __typename?: 'QuestionAskedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The tool call that asks; give it with the answer. */
  callId: Scalars['String']['output'];
  /** When the default is taken. */
  deadline: Maybe<Scalars['DateTime']['output']>;
  /** What is taken for the answer when none comes in time. */
  default: Maybe<Scalars['String']['output']>;
  /** Answers to choose from; any text may be given beside them. */
  options: Array<Scalars['String']['output']>;
  /** The question. */
  question: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** The kinds of records that programs log beside metrics. */
export type RecordKind =
  /** A confusion matrix. */
  | 'CONFUSION_MATRIX'
  /** A histogram. */
  | 'HISTOGRAM'
  /** A picture. */
  | 'IMAGE'
  /** A precision-recall curve. */
  | 'PR'
  /** A receiver operating characteristic. */
  | 'ROC'
  /** A table. */
  | 'TABLE'
  /** A text. */
  | 'TEXT';

/** An entry of a stage's folder that is not kept as a file. */
export type RefusedEntry = {
  __typename?: 'RefusedEntry';
  /** Relative to the session's folder; what no path may hold is escaped. */
  path: Scalars['String']['output'];
  /** Why, such as `is a symbolic link`. */
  reason: Scalars['String']['output'];
};

/** What `renameExperiment` takes. */
export type RenameExperimentInput = {
  /** The experiment. */
  experimentId: Scalars['ID']['input'];
  /** Its new name. */
  name: Scalars['String']['input'];
};

/** What `renameExperiment` answers. */
export type RenameExperimentPayload = {
  __typename?: 'RenameExperimentPayload';
  /** The experiment; null when there are errors. */
  experiment: Maybe<Experiment>;
  /** What is wrong with the input. */
  userErrors: Array<UserError>;
};

/** A stage's report. */
export type Report = {
  __typename?: 'Report';
  /** Markdown. */
  content: Scalars['String']['output'];
  /** Relative to the session's folder. */
  path: Scalars['String']['output'];
  /** The stage. */
  stage: Stage;
};

/** A stage's report is ready. */
export type ReportReadyEvent = SessionEvent & {
  __typename?: 'ReportReadyEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Markdown. */
  content: Scalars['String']['output'];
  /** Relative to the session's folder. */
  path: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage. */
  stage: Stage;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** A figure of a model. */
export type ResultMetric = {
  __typename?: 'ResultMetric';
  /** The lower end of its confidence interval. */
  lower: Maybe<Scalars['Float']['output']>;
  /** Its name. */
  name: Scalars['String']['output'];
  /** The upper end of its confidence interval. */
  upper: Maybe<Scalars['Float']['output']>;
  /** The figure; null when it is no finite number. */
  value: Maybe<Scalars['Float']['output']>;
};

/** What `resumeStage` takes. */
export type ResumeStageInput = {
  /** The most that it may take; what is absent stays as it was. */
  budgets?: InputMaybe<BudgetsInput>;
  /** How hard the model thinks; what it was before when it is absent. */
  effort?: InputMaybe<Effort>;
  /** The same key answers the first result again. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The model; what it was before, or another provider's default, when it is absent. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** The model provider; what it was before when it is absent. */
  provider?: InputMaybe<Scalars['String']['input']>;
  /** The session. */
  sessionId: Scalars['ID']['input'];
};

/** What `resumeStage` answers. */
export type ResumeStagePayload = {
  __typename?: 'ResumeStagePayload';
  /** The session; null when there are errors. */
  session: Maybe<Session>;
  /** The stage run that goes on; null when there are errors. */
  stageRun: Maybe<StageRun>;
  /** What is wrong with the input, or why the session refused. */
  userErrors: Array<UserError>;
};

/** What `retryStage` takes. */
export type RetryStageInput = {
  /** The same key answers the first result again. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The session. */
  sessionId: Scalars['ID']['input'];
  /** The stage to continue to without being asked; what it was before by default. */
  through?: InputMaybe<Stage>;
};

/** What `retryStage` answers. */
export type RetryStagePayload = {
  __typename?: 'RetryStagePayload';
  /** The session; null when there are errors. */
  session: Maybe<Session>;
  /** The stage run that began; null when there are errors. */
  stageRun: Maybe<StageRun>;
  /** What is wrong with the input, or why the session refused. */
  userErrors: Array<UserError>;
};

/** All files of a finished stage stand in the bucket of the object store. */
export type S3SyncCompleteEvent = SessionEvent & {
  __typename?: 'S3SyncCompleteEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Files of the stage that stand there. */
  filesSynced: Scalars['Long']['output'];
  /** Where: `s3://bucket/prefix/sessions/{session}/{stage}`. */
  s3Prefix: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage. */
  stage: Stage;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** Those of them that had to be sent now: the others stood there as they are. */
  uploaded: Scalars['Long']['output'];
};

/** A real dataset that comes with the server. */
export type Sample = {
  __typename?: 'Sample';
  /** How many columns it has. */
  columns: Scalars['Int']['output'];
  /** What it is. */
  description: Scalars['String']['output'];
  /** Its id; give it as `sampleId` of a dataset's source. */
  id: Scalars['ID']['output'];
  /** What to ask of it. */
  instructions: Scalars['String']['output'];
  /** What may be done with it. */
  licence: Scalars['String']['output'];
  /** How many rows it has. */
  rows: Scalars['Long']['output'];
  /** Where it comes from. */
  source: Scalars['String']['output'];
  /** The column to predict. */
  target: Scalars['String']['output'];
  /** What is to be predicted. */
  task: TaskType;
  /** Its name. */
  title: Scalars['String']['output'];
};

/** How a server isolates what models write. */
export type SandboxInfo = {
  __typename?: 'SandboxInfo';
  /** How many executions run at once; more of them wait for a place. */
  executionsAtOnce: Scalars['Int']['output'];
  /** The lowest tier in which programs are run; below it every start is refused. */
  floor: SandboxTier;
  /** Agents' sandboxes ask for the machine's graphics processors. */
  gpu: Scalars['Boolean']['output'];
  /** The most that one execution may take. */
  limits: ExecutionLimits;
  /** What is at work and what waits, now. */
  load: SandboxLoad;
  /** What is missing, each in one sentence with the fix. */
  missing: Array<Scalars['String']['output']>;
  /** The backend. */
  name: Scalars['String']['output'];
  /** Programs are run here: there is a tier, and it is not below the floor. */
  runsPrograms: Scalars['Boolean']['output'];
  /** How many warm sandboxes are kept ready before anybody asks. */
  slots: Scalars['Int']['output'];
  /** What the tier rests on. */
  summary: Scalars['String']['output'];
  /** `A`, `B` or `C`; null when it refuses to run anything. */
  tier: Maybe<Scalars['String']['output']>;
  /** MiB of memory that all executions may use together; who does not fit waits for a place. */
  totalMemoryMib: Scalars['Long']['output'];
};

/** The executions of a server, counted. */
export type SandboxLoad = {
  __typename?: 'SandboxLoad';
  /** Executions at work. */
  running: Scalars['Int']['output'];
  /** Warm sandboxes that nobody has claimed yet. */
  slotsReady: Scalars['Int']['output'];
  /** Executions that wait for a place. */
  waiting: Scalars['Int']['output'];
};

/** How well programs are isolated, the best first. */
export type SandboxTier =
  /** Namespaces, a system-call filter, and control groups for memory, processes and CPU. */
  | 'A'
  /** Namespaces, a system-call filter, and limits of single processes. */
  | 'B';

/** What `sendMessage` takes. */
export type SendMessageInput = {
  /** The same key answers the first result again. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Stop what runs first; false by default. */
  interrupt?: InputMaybe<Scalars['Boolean']['input']>;
  /** The session. */
  sessionId: Scalars['ID']['input'];
  /** What to say; the agent reads it at its next turn. */
  text: Scalars['String']['input'];
};

/** What `sendMessage` answers. */
export type SendMessagePayload = {
  __typename?: 'SendMessagePayload';
  /** The session; null when there are errors. */
  session: Maybe<Session>;
  /** What is wrong with the input, or why the session refused. */
  userErrors: Array<UserError>;
};

/** What this server is. */
export type ServerInfo = {
  __typename?: 'ServerInfo';
  /** The Python environment of the sandboxes. */
  environment: EnvironmentInfo;
  /** Bytes of one uploaded file. */
  maxUploadBytes: Scalars['Long']['output'];
  /** Days that a session may rest before it is deleted with its files; null keeps all. */
  retentionDays: Maybe<Scalars['Int']['output']>;
  /** How it isolates what models write. */
  sandbox: SandboxInfo;
  /** Its version. */
  version: Scalars['String']['output'];
};

/** One pass through the pipeline. */
export type Session = Node & {
  __typename?: 'Session';
  /** What it would accept now. */
  allows: SessionAllows;
  /** The agent is answering a message; the state stays what it is meanwhile. */
  answering: Scalars['Boolean']['output'];
  /** The files that its stages reported, oldest first, without those of superseded runs. */
  artifacts: ArtifactConnection;
  /** The stage that waits for the user's word, in approval mode. */
  awaitingApproval: Maybe<Stage>;
  /** The limits of the run at work, or of the one that can be resumed. */
  budgets: Maybe<Budgets>;
  /** The dashboard as it was last laid out. */
  charts: Array<Chart>;
  /** A message at rest is answered in a follow-up; otherwise it is kept for the next run. */
  converses: Scalars['Boolean']['output'];
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** The effort of the session's own choice; null when it takes the model's default. */
  effort: Maybe<Effort>;
  /**
   * The log itself, oldest first. Large events make a page shorter than asked for, never empty:
   * the end is reached where the last sequence is `lastSeq`.
   */
  events: Array<SessionEvent>;
  /** The experiment that it belongs to. */
  experiment: Experiment;
  /** One of its files as it is now; null when there is none. */
  file: Maybe<FileEntry>;
  /** Its files as they are now, sorted by path. */
  files: Array<FileEntry>;
  /** The id: opaque, and unique among all types. */
  id: Scalars['ID']['output'];
  /** The sequence of the last event. */
  lastSeq: Scalars['Long']['output'];
  /** The conversation, oldest first. */
  messages: MessageConnection;
  /**
   * Points of one series by step, in buckets that the server makes of them: as many as `buckets`
   * allows, of steps `from` to `to`. It costs what is shown, at any zoom.
   */
  metric: Array<MetricBucket>;
  /**
   * Latest and best of every metric series, without those of superseded runs: of each stage run the first 1,000
   * that it logged. Any other is there by its name, see `metric`.
   */
  metricSeries: Array<MetricSeries>;
  /** The model of the session's own choice; null when it takes the server's default. */
  model: Maybe<Scalars['String']['output']>;
  /** The agent's plan as it was last given. */
  plan: Array<PlanStep>;
  /** What Prep made; null before. */
  processedDataset: Maybe<ProcessedDataset>;
  /** The provider of the session's own choice; null when it takes the server's default. */
  provider: Maybe<Scalars['String']['output']>;
  /** The question that waits for an answer. */
  question: Maybe<OpenQuestion>;
  /** The report of a stage; null before there is one. */
  report: Maybe<Report>;
  /** The headline of the finished model, as the agent's metadata claims it; null before Train is done. */
  result: Maybe<SessionResult>;
  /** What its runs have taken in all. */
  spent: Spent;
  /** Its stages, in the order of the pipeline. */
  stages: Array<StageStatus>;
  /** How it stands. */
  state: SessionState;
  /** Why files of finished stages are not in the object store yet, in one sentence; null while nothing is wrong. */
  syncWarning: Maybe<Scalars['String']['output']>;
  /** Where its transcript can be fetched, below this server: JSON that provider `replay` plays. */
  transcriptUrl: Scalars['String']['output'];
  /** When its state last changed. */
  updatedAt: Scalars['DateTime']['output'];
  /** What it consumed. */
  usage: Usage;
};


/** One pass through the pipeline. */
export type SessionArtifactsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
  stage: InputMaybe<Stage>;
  type: InputMaybe<ArtifactType>;
};


/** One pass through the pipeline. */
export type SessionEventsArgs = {
  after: InputMaybe<Scalars['Long']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
};


/** One pass through the pipeline. */
export type SessionFileArgs = {
  path: Scalars['String']['input'];
};


/** One pass through the pipeline. */
export type SessionFilesArgs = {
  stage: InputMaybe<Stage>;
};


/** One pass through the pipeline. */
export type SessionMessagesArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
};


/** One pass through the pipeline. */
export type SessionMetricArgs = {
  buckets: InputMaybe<Scalars['Int']['input']>;
  from: InputMaybe<Scalars['Long']['input']>;
  name: Scalars['String']['input'];
  run: InputMaybe<Scalars['String']['input']>;
  stageRunId: InputMaybe<Scalars['ID']['input']>;
  to: InputMaybe<Scalars['Long']['input']>;
};


/** One pass through the pipeline. */
export type SessionMetricSeriesArgs = {
  stage: InputMaybe<Stage>;
};


/** One pass through the pipeline. */
export type SessionReportArgs = {
  stage: Stage;
};

/** What a session would accept now. Buttons are drawn from this. */
export type SessionAllows = {
  __typename?: 'SessionAllows';
  /** A question waits for its answer. */
  answer: Scalars['Boolean']['output'];
  /** The stage that waits for the user's word. */
  approve: Maybe<Stage>;
  /** What runs can be stopped. */
  cancel: Scalars['Boolean']['output'];
  /** A message can stop what runs first. */
  interrupt: Scalars['Boolean']['output'];
  /** A message can be sent. */
  message: Scalars['Boolean']['output'];
  /** The failed or cancelled stage can go on from its last finished tool call. */
  resume: Scalars['Boolean']['output'];
  /** The failed or cancelled stage may be run again from its beginning. */
  retry: Scalars['Boolean']['output'];
  /** The limits of the run at work, or of the one that can be resumed, can be changed. */
  setBudgets: Scalars['Boolean']['output'];
  /** Stages that may be started now. */
  startStages: Array<Stage>;
};

/** A page of sessions. */
export type SessionConnection = {
  __typename?: 'SessionConnection';
  /** The rows with their cursors. */
  edges: Array<SessionEdge>;
  /** The rows. */
  nodes: Array<Session>;
  /** Where this page is in the list. */
  pageInfo: PageInfo;
  /** How many rows the whole list has. */
  totalCount: Scalars['Long']['output'];
};

/** The session was made. */
export type SessionCreatedEvent = SessionEvent & {
  __typename?: 'SessionCreatedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Its experiment. */
  experimentId: Scalars['ID']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** A row and its place in the list. */
export type SessionEdge = {
  __typename?: 'SessionEdge';
  /** Where this row is; give it as `after` or `before`. */
  cursor: Scalars['String']['output'];
  /** The row. */
  node: Session;
};

/** Something that happened in a session. `seq` and `at` are null on what is live only. */
export type SessionEvent = {
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** Some events of a session, in order. */
export type SessionEventBatch = {
  __typename?: 'SessionEventBatch';
  /** True once everything that was stored when the subscription started has been delivered. */
  caughtUp: Scalars['Boolean']['output'];
  /** The events; the provisional text among them has no sequence. */
  events: Array<SessionEvent>;
};

/** The kinds of session events. */
export type SessionEventKind =
  /** `AgentErrorEvent`. */
  | 'AGENT_ERROR'
  /** `AgentMessageEvent`. */
  | 'AGENT_MESSAGE'
  /** `ApprovalAnsweredEvent`. */
  | 'APPROVAL_ANSWERED'
  /** `ApprovalAskedEvent`. */
  | 'APPROVAL_ASKED'
  /** `BudgetsSetEvent`. */
  | 'BUDGETS_SET'
  /** `BudgetExceededEvent`. */
  | 'BUDGET_EXCEEDED'
  /** `BudgetWarningEvent`. */
  | 'BUDGET_WARNING'
  /** `ChartConfigEvent`. */
  | 'CHART_CONFIG'
  /** `CodeOutputEvent`. */
  | 'CODE_OUTPUT'
  /** `ContextCondensedEvent`. */
  | 'CONTEXT_CONDENSED'
  /** `DatasetDescribedEvent`. */
  | 'DATASET_DESCRIBED'
  /** `DatasetProcessedEvent`. */
  | 'DATASET_PROCESSED'
  /** `ExecutionEndedEvent`. */
  | 'EXECUTION_ENDED'
  /** `ExecutionPlacedEvent`. */
  | 'EXECUTION_PLACED'
  /** `ExecutionStartedEvent`. */
  | 'EXECUTION_STARTED'
  /** `ExecutionWaitingEvent`. */
  | 'EXECUTION_WAITING'
  /** `FilesReadyEvent`. */
  | 'FILES_READY'
  /** `FilesRefusedEvent`. */
  | 'FILES_REFUSED'
  /** `FileChangedEvent`. */
  | 'FILE_CHANGED'
  /** `FileCreatedEvent`. */
  | 'FILE_CREATED'
  /** `FollowUpEndedEvent`. */
  | 'FOLLOW_UP_ENDED'
  /** `FollowUpStartedEvent`. */
  | 'FOLLOW_UP_STARTED'
  /** `LogRecordEvent`. */
  | 'LOG_RECORD'
  /** `MetricsBatchEvent`. */
  | 'METRICS_BATCH'
  /** `NoticeEvent`. */
  | 'NOTICE'
  /** `PlanUpdatedEvent`. */
  | 'PLAN_UPDATED'
  /** `QuestionAnsweredEvent`. */
  | 'QUESTION_ANSWERED'
  /** `QuestionAskedEvent`. */
  | 'QUESTION_ASKED'
  /** `ReportReadyEvent`. */
  | 'REPORT_READY'
  /** `S3SyncCompleteEvent`. */
  | 'S3_SYNC_COMPLETE'
  /** `SessionCreatedEvent`. */
  | 'SESSION_CREATED'
  /** `StageRunEndedEvent`. */
  | 'STAGE_RUN_ENDED'
  /** `StageRunResumedEvent`. */
  | 'STAGE_RUN_RESUMED'
  /** `StageRunStartedEvent`. */
  | 'STAGE_RUN_STARTED'
  /** `StateChangeEvent`. */
  | 'STATE_CHANGE'
  /** `TextDeltaEvent`. */
  | 'TEXT_DELTA'
  /** `ToolEndEvent`. */
  | 'TOOL_END'
  /** `ToolStartEvent`. */
  | 'TOOL_START'
  /** `TurnEndedEvent`. */
  | 'TURN_ENDED'
  /** `TurnStartedEvent`. */
  | 'TURN_STARTED'
  /** `UsageRecordedEvent`. */
  | 'USAGE_RECORDED'
  /** `UserMessageEvent`. */
  | 'USER_MESSAGE'
  /** `ValidationResultEvent`. */
  | 'VALIDATION_RESULT';

/** The headline of a finished model, as the agent's metadata claims it. */
export type SessionResult = {
  __typename?: 'SessionResult';
  /** The model that was chosen. */
  bestModel: Scalars['String']['output'];
  /** Its figures on the test set. */
  metrics: Array<ResultMetric>;
};

/** How a session stands. */
export type SessionState =
  /** The user stopped the session; a stage can be run again. */
  | 'CANCELLED'
  /** No stage has run. */
  | 'CREATED'
  /** EDA is finished. */
  | 'EDA_DONE'
  /** EDA is at work. */
  | 'EDA_RUNNING'
  /** A stage run ended in an error; it can be run again. */
  | 'FAILED'
  /** Prep is finished. */
  | 'PREP_DONE'
  /** Prep is at work. */
  | 'PREP_RUNNING'
  /** The whole pipeline is finished. */
  | 'TRAIN_DONE'
  /** Train is at work. */
  | 'TRAIN_RUNNING';

/** What `setBudgets` takes. */
export type SetBudgetsInput = {
  /** The limits; what is absent stays as it was. */
  budgets: BudgetsInput;
  /** The session. */
  sessionId: Scalars['ID']['input'];
};

/** What `setBudgets` answers. */
export type SetBudgetsPayload = {
  __typename?: 'SetBudgetsPayload';
  /** The session; null when there are errors. */
  session: Maybe<Session>;
  /** What is wrong with the input, or why the session refused. */
  userErrors: Array<UserError>;
};

/** What a session has taken in all. */
export type Spent = {
  __typename?: 'Spent';
  /** The share of the tokens read that came from the provider's cache; null when none was read. */
  cachedShare: Maybe<Scalars['Float']['output']>;
  /** USD of turns, and of executions where sandboxes are rented; null when the price of a turn is unknown. */
  costUsd: Maybe<Scalars['Float']['output']>;
  /** CPU seconds of executions, of all their processes together. */
  cpuSeconds: Scalars['Float']['output'];
  /** The provider did not count the tokens of some turn; they were estimated from the texts. */
  estimated: Scalars['Boolean']['output'];
  /** Wall-clock seconds of executions; waiting for a place does not count. */
  sandboxSeconds: Scalars['Float']['output'];
  /** Wall-clock seconds of work; waiting for an answer does not count. */
  seconds: Scalars['Float']['output'];
  /** Tokens read and written, cached or not. */
  tokens: Scalars['Long']['output'];
  /** Calls of a model. */
  turns: Scalars['Int']['output'];
};

/** A step of the pipeline, in its order. */
export type Stage =
  /** Understand the data before touching it. */
  | 'EDA'
  /** Split, clean and transform. */
  | 'PREP'
  /** Train, tune, choose and report. */
  | 'TRAIN';

/** Who drives one stage of several. */
export type StageChoiceInput = {
  /** How hard the model thinks. */
  effort?: InputMaybe<Effort>;
  /** The model; the one of the first stage or the provider's default when it is absent. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** The model provider; the one of the first stage when it is absent. */
  provider?: InputMaybe<Scalars['String']['input']>;
  /** The stage. */
  stage: Stage;
};

/** One execution of a stage. */
export type StageRun = Node & {
  __typename?: 'StageRun';
  /** When it ended; null while it is at work. */
  endedAt: Maybe<Scalars['DateTime']['output']>;
  /** What ended it, in one sentence, when it failed. */
  error: Maybe<Scalars['String']['output']>;
  /** The id: opaque, and unique among all types. */
  id: Scalars['ID']['output'];
  /** The model. */
  model: Scalars['String']['output'];
  /** The model provider. */
  provider: Scalars['String']['output'];
  /** The seed of everything random. */
  seed: Scalars['Long']['output'];
  /** The stage. */
  stage: Stage;
  /** When it began. */
  startedAt: Scalars['DateTime']['output'];
  /** How it stands. */
  state: StageRunState;
  /** True when the stage, or one before it, was run again later. */
  superseded: Scalars['Boolean']['output'];
  /** The stage to continue to without being asked. */
  through: Stage;
};

/** A stage run ended. */
export type StageRunEndedEvent = SessionEvent & {
  __typename?: 'StageRunEndedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** What ended it, when it failed. */
  error: Maybe<Scalars['String']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage. */
  stage: Stage;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** How it ended. */
  state: StageRunState;
  /** What it came to, when it ended well. */
  summary: Maybe<Scalars['String']['output']>;
};

/** A stage run that had failed or was cancelled goes on from its last finished tool call. */
export type StageRunResumedEvent = SessionEvent & {
  __typename?: 'StageRunResumedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The most that it may take. */
  budgets: Budgets;
  /** The model. */
  model: Scalars['String']['output'];
  /** The model provider. */
  provider: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage. */
  stage: Stage;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
};

/** A stage run began. */
export type StageRunStartedEvent = SessionEvent & {
  __typename?: 'StageRunStartedEvent';
  /** The user is asked before each later stage. */
  approval: Scalars['Boolean']['output'];
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The most that it may take. */
  budgets: Budgets;
  /** How hard the model thinks; its own default when null. */
  effort: Maybe<Effort>;
  /** The model. */
  model: Scalars['String']['output'];
  /** The model provider. */
  provider: Scalars['String']['output'];
  /** The seed of everything random. */
  seed: Scalars['Long']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage. */
  stage: Stage;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The stage to continue to without being asked. */
  through: Stage;
};

/** How a stage run stands. */
export type StageRunState =
  /** Stopped by the user. */
  | 'CANCELLED'
  /** Ended well; its exit check passed. */
  | 'DONE'
  /** Ended in an error. */
  | 'FAILED'
  /** At work. */
  | 'RUNNING';

/** How one stage of a session stands. */
export type StageStatus = {
  __typename?: 'StageStatus';
  /** The run that counts: the last one that was not superseded. */
  current: Maybe<StageRun>;
  /** All its runs, oldest first. */
  runs: Array<StageRun>;
  /** The stage. */
  stage: Stage;
  /** How it stands. */
  state: StageStatusState;
};

/** How a stage of a session stands. */
export type StageStatusState =
  /** Stopped by the user. */
  | 'CANCELLED'
  /** Ended well. */
  | 'DONE'
  /** Ended in an error. */
  | 'FAILED'
  /** It has not run, or what it made was superseded. */
  | 'PENDING'
  /** At work. */
  | 'RUNNING';

/** What `startStage` takes. */
export type StartStageInput = {
  /** Ask before each later stage; false by default. */
  approval?: InputMaybe<Scalars['Boolean']['input']>;
  /** The most that it may take; what is absent takes its default. */
  budgets?: InputMaybe<BudgetsInput>;
  /** Who drives later stages, where it is somebody else. */
  choices?: InputMaybe<Array<StageChoiceInput>>;
  /** How hard the model thinks; its own default when it is absent. */
  effort?: InputMaybe<Effort>;
  /** The same key answers the first result again. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The model; the session's own choice or the provider's default when it is absent. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** The model provider; the session's own choice or the server's default when it is absent. */
  provider?: InputMaybe<Scalars['String']['input']>;
  /** The seed of everything random, from 0; 42 by default. */
  seed?: InputMaybe<Scalars['Long']['input']>;
  /** The session. */
  sessionId: Scalars['ID']['input'];
  /** The stage; one that was done before is run again. */
  stage: Stage;
  /** The stage to continue to without being asked; `stage` itself by default. */
  through?: InputMaybe<Stage>;
};

/** What `startStage` answers. */
export type StartStagePayload = {
  __typename?: 'StartStagePayload';
  /** The session; null when there are errors. */
  session: Maybe<Session>;
  /** The stage run that began; null when there are errors. */
  stageRun: Maybe<StageRun>;
  /** What is wrong with the input, or why the session refused. */
  userErrors: Array<UserError>;
};

/** The session's state changed. */
export type StateChangeEvent = SessionEvent & {
  __typename?: 'StateChangeEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The new state. */
  state: SessionState;
};

/** Everything that can be watched. */
export type Subscription = {
  __typename?: 'Subscription';
  /**
   * What programs print. A view of `sessionEvents`, with
   * the same promises.
   */
  codeOutput: SessionEventBatch;
  /**
   * A hint to refetch: an experiment was made, renamed or deleted, or a session of it changed
   * its state.
   */
  experimentChanged: ExperimentChange;
  /**
   * Files as they appear and change. A view of `sessionEvents`, with
   * the same promises.
   */
  files: SessionEventBatch;
  /**
   * What the user and the agent say, with its text as it is written. A view of `sessionEvents`, with
   * the same promises.
   */
  messages: SessionEventBatch;
  /**
   * Figures as they are logged. A view of `sessionEvents`, with
   * the same promises.
   */
  metrics: SessionEventBatch;
  /**
   * Replays the log of a session after a sequence, then follows it, in batches of up to 256
   * events or 20 ms. A client that reconnects with its last sequence misses nothing and sees
   * nothing twice.
   */
  sessionEvents: SessionEventBatch;
};


/** Everything that can be watched. */
export type SubscriptionCodeOutputArgs = {
  after: InputMaybe<Scalars['Long']['input']>;
  batchSize: InputMaybe<Scalars['Int']['input']>;
  sessionId: Scalars['ID']['input'];
};


/** Everything that can be watched. */
export type SubscriptionFilesArgs = {
  after: InputMaybe<Scalars['Long']['input']>;
  batchSize: InputMaybe<Scalars['Int']['input']>;
  sessionId: Scalars['ID']['input'];
};


/** Everything that can be watched. */
export type SubscriptionMessagesArgs = {
  after: InputMaybe<Scalars['Long']['input']>;
  batchSize: InputMaybe<Scalars['Int']['input']>;
  sessionId: Scalars['ID']['input'];
};


/** Everything that can be watched. */
export type SubscriptionMetricsArgs = {
  after: InputMaybe<Scalars['Long']['input']>;
  batchSize: InputMaybe<Scalars['Int']['input']>;
  sessionId: Scalars['ID']['input'];
};


/** Everything that can be watched. */
export type SubscriptionSessionEventsArgs = {
  after: InputMaybe<Scalars['Long']['input']>;
  batchSize: InputMaybe<Scalars['Int']['input']>;
  kinds: InputMaybe<Array<SessionEventKind>>;
  sessionId: Scalars['ID']['input'];
};

/** Some rows of a table file. */
export type TablePreview = {
  __typename?: 'TablePreview';
  /** Its columns, in order. */
  columns: Array<PreviewColumn>;
  /** The rows, each with one cell per column, as text; null where there is no value. */
  rows: Array<Array<Maybe<Scalars['String']['output']>>>;
  /** How many rows the file has. */
  totalRows: Scalars['Long']['output'];
};

/** What is to be predicted. */
export type TaskType =
  /** One of two classes. */
  | 'BINARY'
  /** One of several classes. */
  | 'MULTICLASS'
  /** A number. */
  | 'REGRESSION';

/**
 * Text of a turn as it arrives: provisional, live only. A higher `attempt` of the same turn
 * discards the lower one's text; the final `AgentMessageEvent` takes its place.
 */
export type TextDeltaEvent = SessionEvent & {
  __typename?: 'TextDeltaEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The attempt that it belongs to. */
  attempt: Scalars['Int']['output'];
  /** Characters of this attempt before this text. */
  offset: Scalars['Long']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The piece. */
  text: Scalars['String']['output'];
  /** The number of the turn in its stage run. */
  turn: Scalars['Int']['output'];
};

/** A tool call ended. */
export type ToolEndEvent = SessionEvent & {
  __typename?: 'ToolEndEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call. */
  callId: Scalars['String']['output'];
  /** Milliseconds. */
  durationMs: Scalars['Long']['output'];
  /** The call failed. */
  isError: Scalars['Boolean']['output'];
  /** What the model was shown. */
  output: Scalars['String']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The tool. */
  tool: Scalars['String']['output'];
};

/** A tool call began. */
export type ToolStartEvent = SessionEvent & {
  __typename?: 'ToolStartEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The call. */
  callId: Scalars['String']['output'];
  /** What the model gave it. */
  input: Scalars['JSON']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The tool. */
  tool: Scalars['String']['output'];
};

/** A recorded session that can be played again. */
export type Transcript = {
  __typename?: 'Transcript';
  /** The model that was recorded. */
  model: Maybe<Scalars['String']['output']>;
  /** Its name; give it as the `model` of provider `replay`. */
  name: Scalars['String']['output'];
  /** The provider that was recorded. */
  provider: Maybe<Scalars['String']['output']>;
  /** The stages that it holds. */
  stages: Array<Stage>;
  /** Turns of all of them. */
  turns: Scalars['Int']['output'];
};

/** The model has answered; the tools that it asked for run next. */
export type TurnEndedEvent = SessionEvent & {
  __typename?: 'TurnEndedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** The attempt that came through. */
  attempt: Scalars['Int']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** Why the model stopped. */
  stopReason: Scalars['String']['output'];
  /** The number of the turn in its stage run. */
  turn: Scalars['Int']['output'];
};

/** The model is about to be called. */
export type TurnStartedEvent = SessionEvent & {
  __typename?: 'TurnStartedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Above 1 when an earlier attempt broke off; its text is to be discarded. */
  attempt: Scalars['Int']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The number of the turn in its stage run. */
  turn: Scalars['Int']['output'];
};

/** A file that is to be sent, or was. */
export type Upload = {
  __typename?: 'Upload';
  /** The name that the user gave it. */
  fileName: Scalars['String']['output'];
  /** Its id; give it as one of the `uploadIds` of a dataset's source. */
  id: Scalars['ID']['output'];
  /** How far its import from a bucket is; null once it is stored, and for a file that is sent. */
  import: Maybe<Import>;
  /** Bytes at most. */
  maxBytes: Scalars['Long']['output'];
  /** Bytes that are kept for good: what a connection that breaks now would not lose. It grows in steps of some MiB. */
  received: Scalars['Long']['output'];
  /** SHA-256 of the bytes, lower-case hex; null until it is stored. */
  sha256: Maybe<Scalars['String']['output']>;
  /** Bytes; null until it is stored. */
  size: Maybe<Scalars['Long']['output']>;
  /** How it stands. */
  state: UploadState;
  /**
   * Where the bytes go. It speaks the core of tus 1.0.0, whose clients take it as the address of an upload that was
   * made already: `HEAD` answers in `Upload-Offset` how many bytes are kept, and `PATCH` sends those behind them, so
   * that an upload goes on after a connection broke or the server was restarted. A `PUT` with the header
   * `x-trainable-upload: 1` sends all of them at once, and begins anew each time.
   */
  url: Scalars['String']['output'];
};

/** How an upload stands. */
export type UploadState =
  /** The address was handed out; the bytes are not whole yet. */
  | 'OPEN'
  /** The bytes are stored and their digest is known. */
  | 'STORED';

/** What a session consumed. */
export type Usage = {
  __typename?: 'Usage';
  /** Tokens read from the provider's cache. */
  cacheReadTokens: Scalars['Long']['output'];
  /** Tokens written to the provider's cache. */
  cacheWriteTokens: Scalars['Long']['output'];
  /** USD; null when the price of a turn is unknown, zero before the first. */
  costUsd: Maybe<Scalars['Float']['output']>;
  /** Tokens read. */
  inputTokens: Scalars['Long']['output'];
  /** Tokens written. */
  outputTokens: Scalars['Long']['output'];
  /** Calls of a model. */
  turns: Scalars['Long']['output'];
};

/** What a turn consumed. */
export type UsageRecordedEvent = SessionEvent & {
  __typename?: 'UsageRecordedEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** Of an attempt that broke: it was billed, and is no turn. */
  broken: Scalars['Boolean']['output'];
  /** Tokens read from the provider's cache. */
  cacheReadTokens: Scalars['Long']['output'];
  /** Tokens written to the provider's cache. */
  cacheWriteTokens: Scalars['Long']['output'];
  /** USD; null when the price of the model is unknown. */
  costUsd: Maybe<Scalars['Float']['output']>;
  /** The provider did not count the tokens; they were estimated from the texts. */
  estimated: Scalars['Boolean']['output'];
  /** Tokens read. */
  inputTokens: Scalars['Long']['output'];
  /** Tokens written. */
  outputTokens: Scalars['Long']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** The number of the turn in its stage run. */
  turn: Scalars['Int']['output'];
};

/** Something about the input that its sender can mend. */
export type UserError = {
  __typename?: 'UserError';
  /** What kind of mistake it is. */
  code: UserErrorCode;
  /** The finding behind `BAD_DATA`, such as `RAGGED_ROWS`. */
  detail: Maybe<Scalars['String']['output']>;
  /** One sentence that says what is wrong and what to do. */
  message: Scalars['String']['output'];
  /** The way from `input` to the field that is wrong; empty when none is. */
  path: Array<Scalars['String']['output']>;
};

/** What kind of mistake a `UserError` is. */
export type UserErrorCode =
  /** The file or table is refused; `detail` names the finding, such as `EMPTY_FILE`. */
  | 'BAD_DATA'
  /** It contradicts what is there, or is being done by another request. */
  | 'CONFLICT'
  /** The idempotency key stands for another input. */
  | 'IDEMPOTENCY_MISMATCH'
  /** A value that cannot be. */
  | 'INVALID_INPUT'
  /** The session does not take this in its state; `Session.allows` says what it takes. */
  | 'NOT_ALLOWED'
  /** What the input names is not there. */
  | 'NOT_FOUND'
  /** Something of the server's is away; try again later. */
  | 'UNAVAILABLE'
  /** An upload is not there, not whole or used already. */
  | 'UPLOAD_INCOMPLETE';

/** The user said something. */
export type UserMessageEvent = SessionEvent & {
  __typename?: 'UserMessageEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** It stopped what ran first. */
  interrupt: Scalars['Boolean']['output'];
  /** The message. */
  messageId: Scalars['ID']['output'];
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** What was said. */
  text: Scalars['String']['output'];
};

/** The server checked what a stage left. */
export type ValidationResultEvent = SessionEvent & {
  __typename?: 'ValidationResultEvent';
  /** When it happened. Null on what is live only. */
  at: Maybe<Scalars['DateTime']['output']>;
  /** What does not hold. */
  errors: Array<Scalars['String']['output']>;
  /** What holds. */
  passed: Array<Scalars['String']['output']>;
  /** Its sequence: 1, 2, 3 … without gaps in a session. Null on what is live only. */
  seq: Maybe<Scalars['Long']['output']>;
  /** The stage. */
  stage: Stage;
  /** The stage run that it belongs to, when it belongs to one. */
  stageRunId: Maybe<Scalars['ID']['output']>;
  /** What deserves a look. */
  warnings: Array<Scalars['String']['output']>;
};

/** A value and how often it comes. */
export type ValueCount = {
  __typename?: 'ValueCount';
  /** How many rows have it. */
  count: Scalars['Long']['output'];
  /** The value, as text. */
  value: Scalars['String']['output'];
};

export type DeleteUploadMutationVariables = Exact<{
  input: DeleteUploadInput;
}>;


export type DeleteUploadMutation = { __typename?: 'Mutation', deleteUpload: { __typename?: 'DeleteUploadPayload', deletedId: string | null } };

export type ImportObjectMutationVariables = Exact<{
  input: ImportObjectInput;
}>;


export type ImportObjectMutation = { __typename?: 'Mutation', importObject: { __typename?: 'ImportObjectPayload', upload: { __typename?: 'Upload', id: string } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type ImportProgressQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type ImportProgressQuery = { __typename?: 'Query', upload: { __typename?: 'Upload', id: string, state: UploadState, import: { __typename?: 'Import', received: number, total: number, warning: string | null, error: string | null } | null } | null };

export type CreateUploadMutationVariables = Exact<{
  input: CreateUploadInput;
}>;


export type CreateUploadMutation = { __typename?: 'Mutation', createUpload: { __typename?: 'CreateUploadPayload', upload: { __typename?: 'Upload', id: string, url: string } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type PaletteQueryVariables = Exact<{
  search: InputMaybe<Scalars['String']['input']>;
}>;


export type PaletteQuery = { __typename?: 'Query', experiments: { __typename?: 'ExperimentConnection', nodes: Array<{ __typename?: 'Experiment', id: string, name: string, latestSession: { __typename?: 'Session', id: string } | null }> } };

export type BucketsQueryVariables = Exact<{ [key: string]: never; }>;


export type BucketsQuery = { __typename?: 'Query', objectStore: { __typename?: 'ObjectStore', bucket: string, problem: string | null, buckets: Array<{ __typename?: 'Bucket', name: string }> } | null };

export type BucketPageQueryVariables = Exact<{
  bucket: Scalars['String']['input'];
  prefix: Scalars['String']['input'];
  search: InputMaybe<Scalars['String']['input']>;
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type BucketPageQuery = { __typename?: 'Query', objectStore: { __typename?: 'ObjectStore', objects: { __typename?: 'ObjectConnection', nodes: Array<{ __typename?: 'BucketEntry', kind: BucketEntryKind, name: string, key: string, uri: string, size: number | null }>, pageInfo: { __typename?: 'PageInfo', hasNextPage: boolean, endCursor: string | null } } } | null };

export type ChatSessionFragment = { __typename?: 'Session', id: string, state: SessionState, converses: boolean, answering: boolean, allows: { __typename?: 'SessionAllows', retry: boolean, cancel: boolean, message: boolean, answer: boolean, resume: boolean, approve: Stage | null, interrupt: boolean, setBudgets: boolean } } & { ' $fragmentName'?: 'ChatSessionFragment' };

export type SendMessageMutationVariables = Exact<{
  input: SendMessageInput;
}>;


export type SendMessageMutation = { __typename?: 'Mutation', sendMessage: { __typename?: 'SendMessagePayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment;'ChatSessionFragment': ChatSessionFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type AnswerQuestionMutationVariables = Exact<{
  input: AnswerQuestionInput;
}>;


export type AnswerQuestionMutation = { __typename?: 'Mutation', answerQuestion: { __typename?: 'AnswerQuestionPayload', session: { __typename?: 'Session', id: string, state: SessionState } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type ColumnFragment = { __typename?: 'DatasetColumn', name: string, dtype: string, kind: string, missing: number, unique: number | null, min: string | null, max: string | null, mean: number | null, examples: Array<string>, top: Array<{ __typename?: 'ValueCount', value: string, count: number }> } & { ' $fragmentName'?: 'ColumnFragment' };

export type DataQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type DataQuery = { __typename?: 'Query', session: (
    { __typename?: 'Session', id: string, experiment: { __typename?: 'Experiment', id: string, target: string | null, files: Array<{ __typename?: 'DatasetFile', name: string, size: number }>, dataset: { __typename?: 'DatasetDescription', mainTable: string | null, notes: Array<string>, warnings: Array<{ __typename?: 'DatasetFinding', code: string, message: string, column: string | null, file: string | null }>, tables: Array<{ __typename?: 'DatasetTable', name: string, fileNames: Array<string>, rows: number, duplicates: number | null, columns: Array<(
            { __typename?: 'DatasetColumn' }
            & { ' $fragmentRefs'?: { 'ColumnFragment': ColumnFragment } }
          )> }> } } }
    & { ' $fragmentRefs'?: { 'OutcomeFragment': OutcomeFragment } }
  ) | null };

export type OutcomeFragment = { __typename?: 'Session', id: string, processedDataset: { __typename?: 'ProcessedDataset', featureColumns: Array<string>, targetColumn: string, totalRows: number, trainRows: number, valRows: number, testRows: number } | null, result: { __typename?: 'SessionResult', bestModel: string, metrics: Array<{ __typename?: 'ResultMetric', name: string, value: number | null, lower: number | null, upper: number | null }> } | null } & { ' $fragmentName'?: 'OutcomeFragment' };

export type EnvironmentQueryVariables = Exact<{ [key: string]: never; }>;


export type EnvironmentQuery = { __typename?: 'Query', server: { __typename?: 'ServerInfo', version: string, sandbox: { __typename?: 'SandboxInfo', name: string, runsPrograms: boolean, missing: Array<string> }, environment: { __typename?: 'EnvironmentInfo', ready: boolean, progress: string | null, error: string | null } }, objectStore: { __typename?: 'ObjectStore', problem: string | null } | null };

export type FilesQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type FilesQuery = { __typename?: 'Query', session: { __typename?: 'Session', id: string, files: Array<{ __typename?: 'FileEntry', path: string, size: number, type: ArtifactType, url: string, modifiedAt: string }> } | null };

export type TextFileQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  path: Scalars['String']['input'];
}>;


export type TextFileQuery = { __typename?: 'Query', session: { __typename?: 'Session', id: string, file: { __typename?: 'FileEntry', path: string, size: number, text: string | null } | null } | null };

export type TablePageQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  path: Scalars['String']['input'];
  offset: Scalars['Long']['input'];
  first: Scalars['Int']['input'];
}>;


export type TablePageQuery = { __typename?: 'Query', session: { __typename?: 'Session', id: string, file: { __typename?: 'FileEntry', path: string, preview: { __typename?: 'TablePreview', totalRows: number, rows: Array<Array<string | null>>, columns: Array<{ __typename?: 'PreviewColumn', name: string, dtype: string }> } | null } | null } | null };

export type CreateExperimentMutationVariables = Exact<{
  input: CreateExperimentInput;
}>;


export type CreateExperimentMutation = { __typename?: 'Mutation', createExperiment: { __typename?: 'CreateExperimentPayload', experiment: { __typename?: 'Experiment', id: string } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type CreateSessionMutationVariables = Exact<{
  input: CreateSessionInput;
}>;


export type CreateSessionMutation = { __typename?: 'Mutation', createSession: { __typename?: 'CreateSessionPayload', session: { __typename?: 'Session', id: string, experiment: { __typename?: 'Experiment', id: string } } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type BeginStageMutationVariables = Exact<{
  input: StartStageInput;
}>;


export type BeginStageMutation = { __typename?: 'Mutation', startStage: { __typename?: 'StartStagePayload', session: { __typename?: 'Session', id: string, state: SessionState } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type RenameExperimentMutationVariables = Exact<{
  input: RenameExperimentInput;
}>;


export type RenameExperimentMutation = { __typename?: 'Mutation', renameExperiment: { __typename?: 'RenameExperimentPayload', experiment: { __typename?: 'Experiment', id: string, name: string } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type DeleteExperimentMutationVariables = Exact<{
  input: DeleteExperimentInput;
}>;


export type DeleteExperimentMutation = { __typename?: 'Mutation', deleteExperiment: { __typename?: 'DeleteExperimentPayload', deletedId: string | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type ExperimentRowFragment = { __typename?: 'Experiment', id: string, name: string, target: string | null, createdAt: string, files: Array<{ __typename?: 'DatasetFile', name: string, size: number }>, dataset: { __typename?: 'DatasetDescription', mainTable: string | null, tables: Array<{ __typename?: 'DatasetTable', name: string, rows: number, columns: Array<{ __typename?: 'DatasetColumn', name: string }> }> }, latestSession: { __typename?: 'Session', id: string, state: SessionState, updatedAt: string, result: { __typename?: 'SessionResult', bestModel: string, metrics: Array<{ __typename?: 'ResultMetric', name: string, value: number | null }> } | null } | null } & { ' $fragmentName'?: 'ExperimentRowFragment' };

export type ExperimentPageQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type ExperimentPageQuery = { __typename?: 'Query', experiment: { __typename?: 'Experiment', id: string, name: string, instructions: string, target: string | null, createdAt: string, sessions: { __typename?: 'SessionConnection', totalCount: number, nodes: Array<{ __typename?: 'Session', id: string, state: SessionState, createdAt: string, result: { __typename?: 'SessionResult', bestModel: string, metrics: Array<{ __typename?: 'ResultMetric', name: string, value: number | null }> } | null }> } } | null };

export type ExperimentPageChangedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type ExperimentPageChangedSubscription = { __typename?: 'Subscription', experimentChanged: { __typename?: 'ExperimentChange', experimentId: string } };

export type GalleryQueryVariables = Exact<{
  search: InputMaybe<Scalars['String']['input']>;
  after: InputMaybe<Scalars['String']['input']>;
}>;


export type GalleryQuery = { __typename?: 'Query', experiments: { __typename?: 'ExperimentConnection', totalCount: number, nodes: Array<(
      { __typename?: 'Experiment', id: string }
      & { ' $fragmentRefs'?: { 'ExperimentRowFragment': ExperimentRowFragment } }
    )>, pageInfo: { __typename?: 'PageInfo', hasNextPage: boolean, endCursor: string | null } } };

export type StoreQueryVariables = Exact<{ [key: string]: never; }>;


export type StoreQuery = { __typename?: 'Query', objectStore: { __typename?: 'ObjectStore', bucket: string } | null };

export type GalleryChangedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type GalleryChangedSubscription = { __typename?: 'Subscription', experimentChanged: { __typename?: 'ExperimentChange', experimentId: string } };

export type SampleCardFragment = { __typename?: 'Sample', id: string, title: string, description: string, rows: number, columns: number, target: string, task: TaskType, source: string, licence: string, instructions: string } & { ' $fragmentName'?: 'SampleCardFragment' };

export type SamplesQueryVariables = Exact<{ [key: string]: never; }>;


export type SamplesQuery = { __typename?: 'Query', samples: Array<(
    { __typename?: 'Sample', id: string }
    & { ' $fragmentRefs'?: { 'SampleCardFragment': SampleCardFragment } }
  )> };

export type MetricsSessionFragment = { __typename?: 'Session', id: string, stages: Array<{ __typename?: 'StageStatus', stage: Stage, runs: Array<{ __typename?: 'StageRun', id: string, superseded: boolean }> }> } & { ' $fragmentName'?: 'MetricsSessionFragment' };

export type StartStageMutationVariables = Exact<{
  input: StartStageInput;
}>;


export type StartStageMutation = { __typename?: 'Mutation', startStage: { __typename?: 'StartStagePayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment;'ChatSessionFragment': ChatSessionFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type CancelSessionMutationVariables = Exact<{
  input: CancelSessionInput;
}>;


export type CancelSessionMutation = { __typename?: 'Mutation', cancelSession: { __typename?: 'CancelSessionPayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment;'ChatSessionFragment': ChatSessionFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type RetryStageMutationVariables = Exact<{
  input: RetryStageInput;
}>;


export type RetryStageMutation = { __typename?: 'Mutation', retryStage: { __typename?: 'RetryStagePayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment;'ChatSessionFragment': ChatSessionFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type ResumeStageMutationVariables = Exact<{
  input: ResumeStageInput;
}>;


export type ResumeStageMutation = { __typename?: 'Mutation', resumeStage: { __typename?: 'ResumeStagePayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment;'ChatSessionFragment': ChatSessionFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type ApproveStageMutationVariables = Exact<{
  input: ApproveStageInput;
}>;


export type ApproveStageMutation = { __typename?: 'Mutation', approveStage: { __typename?: 'ApproveStagePayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment;'ChatSessionFragment': ChatSessionFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type SetBudgetsMutationVariables = Exact<{
  input: SetBudgetsInput;
}>;


export type SetBudgetsMutation = { __typename?: 'Mutation', setBudgets: { __typename?: 'SetBudgetsPayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment;'ChatSessionFragment': ChatSessionFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type ReportSessionFragment = { __typename?: 'Session', id: string, stages: Array<{ __typename?: 'StageStatus', stage: Stage, state: StageStatusState, current: { __typename?: 'StageRun', id: string } | null }> } & { ' $fragmentName'?: 'ReportSessionFragment' };

export type CanvasSessionFragment = (
  { __typename?: 'Session', id: string, state: SessionState }
  & { ' $fragmentRefs'?: { 'ReportSessionFragment': ReportSessionFragment;'MetricsSessionFragment': MetricsSessionFragment } }
) & { ' $fragmentName'?: 'CanvasSessionFragment' };

export type SessionMenuFragment = { __typename?: 'Session', id: string, state: SessionState, transcriptUrl: string, allows: { __typename?: 'SessionAllows', setBudgets: boolean } } & { ' $fragmentName'?: 'SessionMenuFragment' };

export type StageActionsFragment = (
  { __typename?: 'Session', id: string, state: SessionState, provider: string | null, model: string | null, effort: Effort | null, allows: { __typename?: 'SessionAllows', startStages: Array<Stage>, retry: boolean, cancel: boolean, resume: boolean, approve: Stage | null }, stages: Array<{ __typename?: 'StageStatus', stage: Stage, state: StageStatusState, current: { __typename?: 'StageRun', id: string, through: Stage } | null }> }
  & { ' $fragmentRefs'?: { 'SessionMenuFragment': SessionMenuFragment } }
) & { ' $fragmentName'?: 'StageActionsFragment' };

export type StageStripFragment = (
  { __typename?: 'Session', id: string, stages: Array<{ __typename?: 'StageStatus', stage: Stage, state: StageStatusState, current: { __typename?: 'StageRun', id: string, startedAt: string, endedAt: string | null, error: string | null, provider: string } | null }> }
  & { ' $fragmentRefs'?: { 'StageActionsFragment': StageActionsFragment } }
) & { ' $fragmentName'?: 'StageStripFragment' };

export type StudioQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type StudioQuery = { __typename?: 'Query', session: (
    { __typename?: 'Session', id: string, state: SessionState, experiment: { __typename?: 'Experiment', id: string, name: string, target: string | null } }
    & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment;'ChatSessionFragment': ChatSessionFragment;'CanvasSessionFragment': CanvasSessionFragment } }
  ) | null };

export type SpentQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type SpentQuery = { __typename?: 'Query', session: { __typename?: 'Session', id: string, spent: { __typename?: 'Spent', turns: number, tokens: number, costUsd: number | null, seconds: number, sandboxSeconds: number, cachedShare: number | null, estimated: boolean } } | null };

export type ImportTranscriptMutationVariables = Exact<{
  input: ImportTranscriptInput;
}>;


export type ImportTranscriptMutation = { __typename?: 'Mutation', importTranscript: { __typename?: 'ImportTranscriptPayload', transcript: { __typename?: 'Transcript', name: string, stages: Array<Stage>, turns: number, provider: string | null, model: string | null } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type ProvidersQueryVariables = Exact<{ [key: string]: never; }>;


export type ProvidersQuery = { __typename?: 'Query', providers: Array<{ __typename?: 'Provider', name: string, available: boolean, reason: string | null, description: string, defaultModel: string, isDefault: boolean, converses: boolean }> };

export type ProviderModelsQueryVariables = Exact<{ [key: string]: never; }>;


export type ProviderModelsQuery = { __typename?: 'Query', providers: Array<{ __typename?: 'Provider', name: string, models: Array<{ __typename?: 'Model', id: string, contextTokens: number | null, maxOutputTokens: number | null, inputUsdPerMillion: number | null, outputUsdPerMillion: number | null, cacheReadUsdPerMillion: number | null, cacheWriteUsdPerMillion: number | null, priceReadOn: string | null, isDefault: boolean }> }> };

export type SessionEventsSubscriptionVariables = Exact<{
  sessionId: Scalars['ID']['input'];
  after: InputMaybe<Scalars['Long']['input']>;
}>;


export type SessionEventsSubscription = { __typename?: 'Subscription', sessionEvents: { __typename?: 'SessionEventBatch', caughtUp: boolean, events: Array<
      | { __typename: 'AgentErrorEvent', message: string, retryable: boolean, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'AgentMessageEvent', messageId: string, turn: number, text: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ApprovalAnsweredEvent', stage: Stage, approved: boolean, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ApprovalAskedEvent', stage: Stage, through: Stage, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'BudgetExceededEvent', budget: string, limit: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'BudgetWarningEvent', budget: string, used: number, limit: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'BudgetsSetEvent', seq: number | null, at: string | null, stageRunId: string | null, budgets: { __typename?: 'Budgets', executionSeconds: number, questionSeconds: number, memoryMib: number, turns: number, stageSeconds: number, stageTokens: number | null, stageUsd: number | null, stageSandboxSeconds: number | null, sessionTurns: number | null, sessionSeconds: number | null, sessionTokens: number | null, sessionUsd: number | null, sessionSandboxSeconds: number | null } }
      | { __typename: 'ChartConfigEvent', seq: number | null, at: string | null, stageRunId: string | null, charts: Array<{ __typename?: 'Chart', title: string, metrics: Array<string>, type: string }> }
      | { __typename: 'CodeOutputEvent', callId: string, stream: OutputStream, text: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ContextCondensedEvent', turns: number, summarisedTurns: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'DatasetDescribedEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'DatasetProcessedEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ExecutionEndedEvent', callId: string, how: ExecutionEndingKind, said: string, durationMs: number, cpuSeconds: number, peakMemory: number | null, droppedOutput: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ExecutionPlacedEvent', callId: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ExecutionStartedEvent', callId: string, script: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ExecutionWaitingEvent', callId: string, ahead: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'FileChangedEvent', seq: number | null, at: string | null, stageRunId: string | null, by: string | null, file: { __typename?: 'EventFile', path: string, url: string } }
      | { __typename: 'FileCreatedEvent', seq: number | null, at: string | null, stageRunId: string | null, by: string | null, file: { __typename?: 'EventFile', path: string, url: string } }
      | { __typename: 'FilesReadyEvent', stage: Stage, seq: number | null, at: string | null, stageRunId: string | null, files: Array<{ __typename?: 'EventFile', path: string, url: string }> }
      | { __typename: 'FilesRefusedEvent', callId: string, more: number, seq: number | null, at: string | null, stageRunId: string | null, refused: Array<{ __typename?: 'RefusedEntry', path: string, reason: string }> }
      | { __typename: 'FollowUpEndedEvent', error: string | null, seq: number | null, at: string | null, stageRunId: string | null, outcome: StageRunState }
      | { __typename: 'FollowUpStartedEvent', provider: string, model: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'LogRecordEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'MetricsBatchEvent', seq: number | null, at: string | null, stageRunId: string | null, items: Array<{ __typename?: 'MetricPoint', step: number, name: string, value: number | null, kind: MetricKind, run: string | null }> }
      | { __typename: 'NoticeEvent', text: string, forPeople: boolean, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'PlanUpdatedEvent', seq: number | null, at: string | null, stageRunId: string | null, steps: Array<{ __typename?: 'PlanStep', title: string, status: PlanStatus }> }
      | { __typename: 'QuestionAnsweredEvent', callId: string, answer: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'QuestionAskedEvent', callId: string, question: string, options: Array<string>, default: string | null, deadline: string | null, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ReportReadyEvent', stage: Stage, path: string, content: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'S3SyncCompleteEvent', filesSynced: number, s3Prefix: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'SessionCreatedEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'StageRunEndedEvent', stage: Stage, summary: string | null, error: string | null, seq: number | null, at: string | null, stageRunId: string | null, outcome: StageRunState }
      | { __typename: 'StageRunResumedEvent', stage: Stage, provider: string, model: string, seq: number | null, at: string | null, stageRunId: string | null, budgets: { __typename?: 'Budgets', executionSeconds: number, questionSeconds: number, memoryMib: number, turns: number, stageSeconds: number, stageTokens: number | null, stageUsd: number | null, stageSandboxSeconds: number | null, sessionTurns: number | null, sessionSeconds: number | null, sessionTokens: number | null, sessionUsd: number | null, sessionSandboxSeconds: number | null } }
      | { __typename: 'StageRunStartedEvent', stage: Stage, through: Stage, provider: string, model: string, seed: number, effort: Effort | null, approval: boolean, seq: number | null, at: string | null, stageRunId: string | null, budgets: { __typename?: 'Budgets', executionSeconds: number, questionSeconds: number, memoryMib: number, turns: number, stageSeconds: number, stageTokens: number | null, stageUsd: number | null, stageSandboxSeconds: number | null, sessionTurns: number | null, sessionSeconds: number | null, sessionTokens: number | null, sessionUsd: number | null, sessionSandboxSeconds: number | null } }
      | { __typename: 'StateChangeEvent', seq: number | null, at: string | null, stageRunId: string | null, sessionState: SessionState }
      | { __typename: 'TextDeltaEvent', turn: number, attempt: number, offset: number, text: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ToolEndEvent', callId: string, output: string, isError: boolean, durationMs: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ToolStartEvent', callId: string, tool: string, input: unknown, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'TurnEndedEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'TurnStartedEvent', turn: number, attempt: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'UsageRecordedEvent', inputTokens: number, outputTokens: number, cacheReadTokens: number, cacheWriteTokens: number, costUsd: number | null, estimated: boolean, broken: boolean, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'UserMessageEvent', messageId: string, text: string, interrupt: boolean, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ValidationResultEvent', stage: Stage, passed: Array<string>, warnings: Array<string>, errors: Array<string>, seq: number | null, at: string | null, stageRunId: string | null }
    > } };

export const ChatSessionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}},{"kind":"Field","name":{"kind":"Name","value":"answering"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}},{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<ChatSessionFragment, unknown>;
export const ColumnFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Column"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DatasetColumn"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"dtype"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"missing"}},{"kind":"Field","name":{"kind":"Name","value":"unique"}},{"kind":"Field","name":{"kind":"Name","value":"min"}},{"kind":"Field","name":{"kind":"Name","value":"max"}},{"kind":"Field","name":{"kind":"Name","value":"mean"}},{"kind":"Field","name":{"kind":"Name","value":"top"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}},{"kind":"Field","name":{"kind":"Name","value":"examples"}}]}}]} as unknown as DocumentNode<ColumnFragment, unknown>;
export const OutcomeFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Outcome"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"processedDataset"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"featureColumns"}},{"kind":"Field","name":{"kind":"Name","value":"targetColumn"}},{"kind":"Field","name":{"kind":"Name","value":"totalRows"}},{"kind":"Field","name":{"kind":"Name","value":"trainRows"}},{"kind":"Field","name":{"kind":"Name","value":"valRows"}},{"kind":"Field","name":{"kind":"Name","value":"testRows"}}]}},{"kind":"Field","name":{"kind":"Name","value":"result"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bestModel"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"lower"}},{"kind":"Field","name":{"kind":"Name","value":"upper"}}]}}]}}]}}]} as unknown as DocumentNode<OutcomeFragment, unknown>;
export const ExperimentRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ExperimentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Experiment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"files"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"size"}}]}},{"kind":"Field","name":{"kind":"Name","value":"dataset"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mainTable"}},{"kind":"Field","name":{"kind":"Name","value":"tables"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"columns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"latestSession"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"result"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bestModel"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}}]}}]}}]} as unknown as DocumentNode<ExperimentRowFragment, unknown>;
export const SampleCardFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SampleCard"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Sample"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"columns"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"task"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"licence"}},{"kind":"Field","name":{"kind":"Name","value":"instructions"}}]}}]} as unknown as DocumentNode<SampleCardFragment, unknown>;
export const ReportSessionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReportSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<ReportSessionFragment, unknown>;
export const MetricsSessionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MetricsSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"runs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"superseded"}}]}}]}}]}}]} as unknown as DocumentNode<MetricsSessionFragment, unknown>;
export const CanvasSessionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CanvasSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReportSession"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"MetricsSession"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReportSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MetricsSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"runs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"superseded"}}]}}]}}]}}]} as unknown as DocumentNode<CanvasSessionFragment, unknown>;
export const SessionMenuFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<SessionMenuFragment, unknown>;
export const StageActionsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<StageActionsFragment, unknown>;
export const StageStripFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}}]} as unknown as DocumentNode<StageStripFragment, unknown>;
export const DeleteUploadDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"DeleteUpload"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DeleteUploadInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deleteUpload"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deletedId"}}]}}]}}]} as unknown as DocumentNode<DeleteUploadMutation, DeleteUploadMutationVariables>;
export const ImportObjectDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ImportObject"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ImportObjectInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"importObject"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"upload"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<ImportObjectMutation, ImportObjectMutationVariables>;
export const ImportProgressDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ImportProgress"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"upload"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"import"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"received"}},{"kind":"Field","name":{"kind":"Name","value":"total"}},{"kind":"Field","name":{"kind":"Name","value":"warning"}},{"kind":"Field","name":{"kind":"Name","value":"error"}}]}}]}}]}}]} as unknown as DocumentNode<ImportProgressQuery, ImportProgressQueryVariables>;
export const CreateUploadDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateUpload"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateUploadInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createUpload"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"upload"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"url"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<CreateUploadMutation, CreateUploadMutationVariables>;
export const PaletteDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Palette"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experiments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"8"}},{"kind":"Argument","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"latestSession"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]}}]} as unknown as DocumentNode<PaletteQuery, PaletteQueryVariables>;
export const BucketsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Buckets"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"objectStore"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bucket"}},{"kind":"Field","name":{"kind":"Name","value":"problem"}},{"kind":"Field","name":{"kind":"Name","value":"buckets"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<BucketsQuery, BucketsQueryVariables>;
export const BucketPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"BucketPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"bucket"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"prefix"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"objectStore"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"objects"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"bucket"},"value":{"kind":"Variable","name":{"kind":"Name","value":"bucket"}}},{"kind":"Argument","name":{"kind":"Name","value":"prefix"},"value":{"kind":"Variable","name":{"kind":"Name","value":"prefix"}}},{"kind":"Argument","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"uri"}},{"kind":"Field","name":{"kind":"Name","value":"size"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]}}]} as unknown as DocumentNode<BucketPageQuery, BucketPageQueryVariables>;
export const SendMessageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SendMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SendMessageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sendMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChatSession"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}},{"kind":"Field","name":{"kind":"Name","value":"answering"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}},{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<SendMessageMutation, SendMessageMutationVariables>;
export const AnswerQuestionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"AnswerQuestion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AnswerQuestionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"answerQuestion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<AnswerQuestionMutation, AnswerQuestionMutationVariables>;
export const DataDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Data"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"experiment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"files"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"size"}}]}},{"kind":"Field","name":{"kind":"Name","value":"dataset"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mainTable"}},{"kind":"Field","name":{"kind":"Name","value":"notes"}},{"kind":"Field","name":{"kind":"Name","value":"warnings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"column"}},{"kind":"Field","name":{"kind":"Name","value":"file"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tables"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"fileNames"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"duplicates"}},{"kind":"Field","name":{"kind":"Name","value":"columns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Column"}}]}}]}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Outcome"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Column"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DatasetColumn"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"dtype"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"missing"}},{"kind":"Field","name":{"kind":"Name","value":"unique"}},{"kind":"Field","name":{"kind":"Name","value":"min"}},{"kind":"Field","name":{"kind":"Name","value":"max"}},{"kind":"Field","name":{"kind":"Name","value":"mean"}},{"kind":"Field","name":{"kind":"Name","value":"top"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}},{"kind":"Field","name":{"kind":"Name","value":"examples"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Outcome"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"processedDataset"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"featureColumns"}},{"kind":"Field","name":{"kind":"Name","value":"targetColumn"}},{"kind":"Field","name":{"kind":"Name","value":"totalRows"}},{"kind":"Field","name":{"kind":"Name","value":"trainRows"}},{"kind":"Field","name":{"kind":"Name","value":"valRows"}},{"kind":"Field","name":{"kind":"Name","value":"testRows"}}]}},{"kind":"Field","name":{"kind":"Name","value":"result"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bestModel"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"lower"}},{"kind":"Field","name":{"kind":"Name","value":"upper"}}]}}]}}]}}]} as unknown as DocumentNode<DataQuery, DataQueryVariables>;
export const EnvironmentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Environment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"sandbox"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"runsPrograms"}},{"kind":"Field","name":{"kind":"Name","value":"missing"}}]}},{"kind":"Field","name":{"kind":"Name","value":"environment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"ready"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"error"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"objectStore"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"problem"}}]}}]}}]} as unknown as DocumentNode<EnvironmentQuery, EnvironmentQueryVariables>;
export const FilesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Files"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"files"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"modifiedAt"}}]}}]}}]}}]} as unknown as DocumentNode<FilesQuery, FilesQueryVariables>;
export const TextFileDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"TextFile"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"path"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"file"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"path"},"value":{"kind":"Variable","name":{"kind":"Name","value":"path"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}}]}}]}}]} as unknown as DocumentNode<TextFileQuery, TextFileQueryVariables>;
export const TablePageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"TablePage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"path"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"offset"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Long"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"file"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"path"},"value":{"kind":"Variable","name":{"kind":"Name","value":"path"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"preview"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"offset"},"value":{"kind":"Variable","name":{"kind":"Name","value":"offset"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalRows"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"columns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"dtype"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<TablePageQuery, TablePageQueryVariables>;
export const CreateExperimentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateExperiment"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateExperimentInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createExperiment"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experiment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<CreateExperimentMutation, CreateExperimentMutationVariables>;
export const CreateSessionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateSession"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateSessionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createSession"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"experiment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<CreateSessionMutation, CreateSessionMutationVariables>;
export const BeginStageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"BeginStage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StartStageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<BeginStageMutation, BeginStageMutationVariables>;
export const RenameExperimentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RenameExperiment"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RenameExperimentInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"renameExperiment"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experiment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<RenameExperimentMutation, RenameExperimentMutationVariables>;
export const DeleteExperimentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"DeleteExperiment"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DeleteExperimentInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deleteExperiment"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"deletedId"}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<DeleteExperimentMutation, DeleteExperimentMutationVariables>;
export const ExperimentPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ExperimentPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experiment"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"instructions"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"sessions"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"result"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bestModel"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<ExperimentPageQuery, ExperimentPageQueryVariables>;
export const ExperimentPageChangedDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"ExperimentPageChanged"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experimentChanged"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experimentId"}}]}}]}}]} as unknown as DocumentNode<ExperimentPageChangedSubscription, ExperimentPageChangedSubscriptionVariables>;
export const GalleryDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Gallery"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experiments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ExperimentRow"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ExperimentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Experiment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"files"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"size"}}]}},{"kind":"Field","name":{"kind":"Name","value":"dataset"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mainTable"}},{"kind":"Field","name":{"kind":"Name","value":"tables"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"columns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"latestSession"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"result"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bestModel"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}}]}}]}}]} as unknown as DocumentNode<GalleryQuery, GalleryQueryVariables>;
export const StoreDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Store"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"objectStore"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bucket"}}]}}]}}]} as unknown as DocumentNode<StoreQuery, StoreQueryVariables>;
export const GalleryChangedDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"GalleryChanged"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experimentChanged"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experimentId"}}]}}]}}]} as unknown as DocumentNode<GalleryChangedSubscription, GalleryChangedSubscriptionVariables>;
export const SamplesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Samples"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"samples"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SampleCard"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SampleCard"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Sample"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"columns"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"task"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"licence"}},{"kind":"Field","name":{"kind":"Name","value":"instructions"}}]}}]} as unknown as DocumentNode<SamplesQuery, SamplesQueryVariables>;
export const StartStageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"StartStage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StartStageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChatSession"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}},{"kind":"Field","name":{"kind":"Name","value":"answering"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}},{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<StartStageMutation, StartStageMutationVariables>;
export const CancelSessionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelSession"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CancelSessionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelSession"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChatSession"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}},{"kind":"Field","name":{"kind":"Name","value":"answering"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}},{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<CancelSessionMutation, CancelSessionMutationVariables>;
export const RetryStageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RetryStage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RetryStageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryStage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChatSession"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}},{"kind":"Field","name":{"kind":"Name","value":"answering"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}},{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<RetryStageMutation, RetryStageMutationVariables>;
export const ResumeStageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ResumeStage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ResumeStageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"resumeStage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChatSession"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}},{"kind":"Field","name":{"kind":"Name","value":"answering"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}},{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<ResumeStageMutation, ResumeStageMutationVariables>;
export const ApproveStageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ApproveStage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ApproveStageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"approveStage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChatSession"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}},{"kind":"Field","name":{"kind":"Name","value":"answering"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}},{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<ApproveStageMutation, ApproveStageMutationVariables>;
export const SetBudgetsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SetBudgets"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SetBudgetsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChatSession"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}},{"kind":"Field","name":{"kind":"Name","value":"answering"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}},{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}}]} as unknown as DocumentNode<SetBudgetsMutation, SetBudgetsMutationVariables>;
export const StudioDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Studio"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"experiment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"target"}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChatSession"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"CanvasSession"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionMenu"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"transcriptUrl"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SessionMenu"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReportSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MetricsSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"runs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"superseded"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}},{"kind":"Field","name":{"kind":"Name","value":"answering"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}},{"kind":"Field","name":{"kind":"Name","value":"resume"}},{"kind":"Field","name":{"kind":"Name","value":"approve"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}},{"kind":"Field","name":{"kind":"Name","value":"setBudgets"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CanvasSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReportSession"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"MetricsSession"}}]}}]} as unknown as DocumentNode<StudioQuery, StudioQueryVariables>;
export const SpentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Spent"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"spent"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"turns"}},{"kind":"Field","name":{"kind":"Name","value":"tokens"}},{"kind":"Field","name":{"kind":"Name","value":"costUsd"}},{"kind":"Field","name":{"kind":"Name","value":"seconds"}},{"kind":"Field","name":{"kind":"Name","value":"sandboxSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"cachedShare"}},{"kind":"Field","name":{"kind":"Name","value":"estimated"}}]}}]}}]}}]} as unknown as DocumentNode<SpentQuery, SpentQueryVariables>;
export const ImportTranscriptDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ImportTranscript"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ImportTranscriptInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"importTranscript"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"transcript"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"stages"}},{"kind":"Field","name":{"kind":"Name","value":"turns"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<ImportTranscriptMutation, ImportTranscriptMutationVariables>;
export const ProvidersDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Providers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"providers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"available"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"defaultModel"}},{"kind":"Field","name":{"kind":"Name","value":"isDefault"}},{"kind":"Field","name":{"kind":"Name","value":"converses"}}]}}]}}]} as unknown as DocumentNode<ProvidersQuery, ProvidersQueryVariables>;
export const ProviderModelsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ProviderModels"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"providers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"models"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"contextTokens"}},{"kind":"Field","name":{"kind":"Name","value":"maxOutputTokens"}},{"kind":"Field","name":{"kind":"Name","value":"inputUsdPerMillion"}},{"kind":"Field","name":{"kind":"Name","value":"outputUsdPerMillion"}},{"kind":"Field","name":{"kind":"Name","value":"cacheReadUsdPerMillion"}},{"kind":"Field","name":{"kind":"Name","value":"cacheWriteUsdPerMillion"}},{"kind":"Field","name":{"kind":"Name","value":"priceReadOn"}},{"kind":"Field","name":{"kind":"Name","value":"isDefault"}}]}}]}}]}}]} as unknown as DocumentNode<ProviderModelsQuery, ProviderModelsQueryVariables>;
export const SessionEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"SessionEvents"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Long"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sessionEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"sessionId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"caughtUp"}},{"kind":"Field","name":{"kind":"Name","value":"events"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"stageRunId"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"StateChangeEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"sessionState"},"name":{"kind":"Name","value":"state"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"StageRunStartedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"through"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"seed"}},{"kind":"Field","name":{"kind":"Name","value":"effort"}},{"kind":"Field","name":{"kind":"Name","value":"approval"}},{"kind":"Field","name":{"kind":"Name","value":"budgets"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"executionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"questionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"memoryMib"}},{"kind":"Field","name":{"kind":"Name","value":"turns"}},{"kind":"Field","name":{"kind":"Name","value":"stageSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"stageTokens"}},{"kind":"Field","name":{"kind":"Name","value":"stageUsd"}},{"kind":"Field","name":{"kind":"Name","value":"stageSandboxSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessionTurns"}},{"kind":"Field","name":{"kind":"Name","value":"sessionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessionTokens"}},{"kind":"Field","name":{"kind":"Name","value":"sessionUsd"}},{"kind":"Field","name":{"kind":"Name","value":"sessionSandboxSeconds"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"StageRunResumedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"budgets"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"executionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"questionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"memoryMib"}},{"kind":"Field","name":{"kind":"Name","value":"turns"}},{"kind":"Field","name":{"kind":"Name","value":"stageSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"stageTokens"}},{"kind":"Field","name":{"kind":"Name","value":"stageUsd"}},{"kind":"Field","name":{"kind":"Name","value":"stageSandboxSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessionTurns"}},{"kind":"Field","name":{"kind":"Name","value":"sessionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessionTokens"}},{"kind":"Field","name":{"kind":"Name","value":"sessionUsd"}},{"kind":"Field","name":{"kind":"Name","value":"sessionSandboxSeconds"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BudgetsSetEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"budgets"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"executionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"questionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"memoryMib"}},{"kind":"Field","name":{"kind":"Name","value":"turns"}},{"kind":"Field","name":{"kind":"Name","value":"stageSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"stageTokens"}},{"kind":"Field","name":{"kind":"Name","value":"stageUsd"}},{"kind":"Field","name":{"kind":"Name","value":"stageSandboxSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessionTurns"}},{"kind":"Field","name":{"kind":"Name","value":"sessionSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"sessionTokens"}},{"kind":"Field","name":{"kind":"Name","value":"sessionUsd"}},{"kind":"Field","name":{"kind":"Name","value":"sessionSandboxSeconds"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FollowUpStartedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FollowUpEndedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"outcome"},"name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"error"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"S3SyncCompleteEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"filesSynced"}},{"kind":"Field","name":{"kind":"Name","value":"s3Prefix"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ApprovalAskedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ApprovalAnsweredEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"approved"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ContextCondensedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"turns"}},{"kind":"Field","name":{"kind":"Name","value":"summarisedTurns"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"StageRunEndedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","alias":{"kind":"Name","value":"outcome"},"name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"summary"}},{"kind":"Field","name":{"kind":"Name","value":"error"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserMessageEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messageId"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"interrupt"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"QuestionAnsweredEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TurnStartedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"turn"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AgentMessageEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messageId"}},{"kind":"Field","name":{"kind":"Name","value":"turn"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"NoticeEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"forPeople"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ToolStartEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"tool"}},{"kind":"Field","name":{"kind":"Name","value":"input"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ToolEndEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"output"}},{"kind":"Field","name":{"kind":"Name","value":"isError"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ExecutionStartedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"script"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ExecutionWaitingEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"ahead"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ExecutionPlacedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ExecutionEndedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"how"}},{"kind":"Field","name":{"kind":"Name","value":"said"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}},{"kind":"Field","name":{"kind":"Name","value":"cpuSeconds"}},{"kind":"Field","name":{"kind":"Name","value":"peakMemory"}},{"kind":"Field","name":{"kind":"Name","value":"droppedOutput"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FilesRefusedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","alias":{"kind":"Name","value":"refused"},"name":{"kind":"Name","value":"files"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}},{"kind":"Field","name":{"kind":"Name","value":"more"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CodeOutputEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"stream"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FileCreatedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"by"},"name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"file"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"url"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FileChangedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"by"},"name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"file"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"url"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MetricsBatchEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"items"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"run"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ChartConfigEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"charts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"}},{"kind":"Field","name":{"kind":"Name","value":"type"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PlanUpdatedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"steps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"QuestionAskedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"question"}},{"kind":"Field","name":{"kind":"Name","value":"options"}},{"kind":"Field","name":{"kind":"Name","value":"default"}},{"kind":"Field","name":{"kind":"Name","value":"deadline"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UsageRecordedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inputTokens"}},{"kind":"Field","name":{"kind":"Name","value":"outputTokens"}},{"kind":"Field","name":{"kind":"Name","value":"cacheReadTokens"}},{"kind":"Field","name":{"kind":"Name","value":"cacheWriteTokens"}},{"kind":"Field","name":{"kind":"Name","value":"costUsd"}},{"kind":"Field","name":{"kind":"Name","value":"estimated"}},{"kind":"Field","name":{"kind":"Name","value":"broken"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BudgetWarningEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"budget"}},{"kind":"Field","name":{"kind":"Name","value":"used"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BudgetExceededEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"budget"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AgentErrorEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportReadyEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"content"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FilesReadyEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"files"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"url"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ValidationResultEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"passed"}},{"kind":"Field","name":{"kind":"Name","value":"warnings"}},{"kind":"Field","name":{"kind":"Name","value":"errors"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TextDeltaEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"turn"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"offset"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}}]}}]}}]}}]} as unknown as DocumentNode<SessionEventsSubscription, SessionEventsSubscriptionVariables>;