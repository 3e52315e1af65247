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
  /** A time, RFC 3339, UTC. */
  DateTime: { input: string; output: string; }
  /** Any JSON value. */
  JSON: { input: unknown; output: unknown; }
  /** A whole number up to 2^53 - 1, as a JSON number. */
  Long: { input: number; output: number; }
};

export type AgentErrorEvent = SessionEvent & {
  __typename?: 'AgentErrorEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  message: Scalars['String']['output'];
  retryable: Scalars['Boolean']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type AgentMessageEvent = SessionEvent & {
  __typename?: 'AgentMessageEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  messageId: Scalars['ID']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  text: Scalars['String']['output'];
  turn: Scalars['Int']['output'];
};

export type AnswerQuestionInput = {
  answer: Scalars['String']['input'];
  callId: Scalars['String']['input'];
  sessionId: Scalars['ID']['input'];
};

export type AnswerQuestionPayload = {
  __typename?: 'AnswerQuestionPayload';
  session: Maybe<Session>;
  userErrors: Array<UserError>;
};

export type Artifact = Node & {
  __typename?: 'Artifact';
  createdAt: Scalars['DateTime']['output'];
  id: Scalars['ID']['output'];
  name: Scalars['String']['output'];
  /** Relative to the session folder. */
  path: Scalars['String']['output'];
  sha256: Scalars['String']['output'];
  size: Scalars['Long']['output'];
  stage: Stage;
  stageRunId: Scalars['ID']['output'];
  superseded: Scalars['Boolean']['output'];
  type: ArtifactType;
  updatedAt: Scalars['DateTime']['output'];
  url: Scalars['String']['output'];
};

export type ArtifactConnection = {
  __typename?: 'ArtifactConnection';
  edges: Array<ArtifactEdge>;
  nodes: Array<Artifact>;
  pageInfo: PageInfo;
  totalCount: Scalars['Long']['output'];
};

export type ArtifactEdge = {
  __typename?: 'ArtifactEdge';
  cursor: Scalars['String']['output'];
  node: Artifact;
};

export type ArtifactType =
  | 'CHART'
  | 'DATASET'
  | 'FILE'
  | 'METADATA'
  | 'MODEL'
  | 'REPORT'
  | 'SCRIPT';

export type BudgetExceededEvent = SessionEvent & {
  __typename?: 'BudgetExceededEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  budget: Scalars['String']['output'];
  limit: Scalars['Float']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type Budgets = {
  __typename?: 'Budgets';
  executionSeconds: Scalars['Long']['output'];
  memoryMib: Scalars['Long']['output'];
  stageSeconds: Scalars['Long']['output'];
  turns: Scalars['Int']['output'];
};

export type BudgetsInput = {
  executionSeconds?: InputMaybe<Scalars['Int']['input']>;
  memoryMib?: InputMaybe<Scalars['Int']['input']>;
  stageSeconds?: InputMaybe<Scalars['Int']['input']>;
  turns?: InputMaybe<Scalars['Int']['input']>;
};

export type CancelSessionInput = {
  sessionId: Scalars['ID']['input'];
};

export type CancelSessionPayload = {
  __typename?: 'CancelSessionPayload';
  session: Maybe<Session>;
  userErrors: Array<UserError>;
};

export type Chart = {
  __typename?: 'Chart';
  metrics: Array<Scalars['String']['output']>;
  title: Scalars['String']['output'];
  type: Scalars['String']['output'];
};

export type ChartConfigEvent = SessionEvent & {
  __typename?: 'ChartConfigEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  charts: Array<Chart>;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type CodeOutputEvent = SessionEvent & {
  __typename?: 'CodeOutputEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  stream: OutputStream;
  text: Scalars['String']['output'];
};

export type CreateExperimentInput = {
  description?: InputMaybe<Scalars['String']['input']>;
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  instructions?: InputMaybe<Scalars['String']['input']>;
  mainTable?: InputMaybe<Scalars['String']['input']>;
  name?: InputMaybe<Scalars['String']['input']>;
  source: DatasetSource;
  target?: InputMaybe<Scalars['String']['input']>;
};

export type CreateExperimentPayload = {
  __typename?: 'CreateExperimentPayload';
  experiment: Maybe<Experiment>;
  userErrors: Array<UserError>;
};

export type CreateSessionInput = {
  experimentId: Scalars['ID']['input'];
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
};

export type CreateSessionPayload = {
  __typename?: 'CreateSessionPayload';
  session: Maybe<Session>;
  userErrors: Array<UserError>;
};

export type CreateUploadInput = {
  fileName: Scalars['String']['input'];
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  size?: InputMaybe<Scalars['Long']['input']>;
};

export type CreateUploadPayload = {
  __typename?: 'CreateUploadPayload';
  upload: Maybe<Upload>;
  userErrors: Array<UserError>;
};

export type DatasetColumn = {
  __typename?: 'DatasetColumn';
  dtype: Scalars['String']['output'];
  examples: Array<Scalars['String']['output']>;
  kind: Scalars['String']['output'];
  max: Maybe<Scalars['String']['output']>;
  mean: Maybe<Scalars['Float']['output']>;
  min: Maybe<Scalars['String']['output']>;
  missing: Scalars['Long']['output'];
  name: Scalars['String']['output'];
  top: Array<ValueCount>;
  unique: Maybe<Scalars['Long']['output']>;
};

export type DatasetDescribedEvent = SessionEvent & {
  __typename?: 'DatasetDescribedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  dataset: DatasetDescription;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type DatasetDescription = {
  __typename?: 'DatasetDescription';
  mainTable: Maybe<Scalars['String']['output']>;
  notes: Array<Scalars['String']['output']>;
  tables: Array<DatasetTable>;
  warnings: Array<DatasetFinding>;
};

export type DatasetFile = {
  __typename?: 'DatasetFile';
  name: Scalars['String']['output'];
  sha256: Scalars['String']['output'];
  size: Scalars['Long']['output'];
};

export type DatasetFinding = {
  __typename?: 'DatasetFinding';
  code: Scalars['String']['output'];
  column: Maybe<Scalars['String']['output']>;
  file: Maybe<Scalars['String']['output']>;
  message: Scalars['String']['output'];
};

export type DatasetProcessedEvent = SessionEvent & {
  __typename?: 'DatasetProcessedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  featureColumns: Array<Scalars['String']['output']>;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  targetColumn: Scalars['String']['output'];
  testRows: Scalars['Long']['output'];
  trainRows: Scalars['Long']['output'];
  valRows: Scalars['Long']['output'];
};

export type DatasetSource =
  { sampleId: Scalars['ID']['input']; uploadIds?: never; }
  |  { sampleId?: never; uploadIds: Array<Scalars['ID']['input']>; };

export type DatasetTable = {
  __typename?: 'DatasetTable';
  columns: Array<DatasetColumn>;
  duplicates: Maybe<Scalars['Long']['output']>;
  fileNames: Array<Scalars['String']['output']>;
  name: Scalars['String']['output'];
  rows: Scalars['Long']['output'];
};

export type DeleteExperimentInput = {
  experimentId: Scalars['ID']['input'];
};

export type DeleteExperimentPayload = {
  __typename?: 'DeleteExperimentPayload';
  deletedId: Maybe<Scalars['ID']['output']>;
  userErrors: Array<UserError>;
};

/** The Python environment of the sandboxes. */
export type EnvironmentInfo = {
  __typename?: 'EnvironmentInfo';
  error: Maybe<Scalars['String']['output']>;
  progress: Maybe<Scalars['String']['output']>;
  ready: Scalars['Boolean']['output'];
};

export type EventFile = {
  __typename?: 'EventFile';
  name: Scalars['String']['output'];
  path: Scalars['String']['output'];
  size: Scalars['Long']['output'];
  stage: Stage;
  type: ArtifactType;
  url: Scalars['String']['output'];
};

export type ExecutionEndedEvent = SessionEvent & {
  __typename?: 'ExecutionEndedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  code: Maybe<Scalars['Int']['output']>;
  cpuSeconds: Scalars['Float']['output'];
  droppedOutput: Scalars['Long']['output'];
  durationMs: Scalars['Long']['output'];
  how: ExecutionEndingKind;
  peakMemory: Maybe<Scalars['Long']['output']>;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type ExecutionEndingKind =
  | 'DISK_FULL'
  | 'EXITED'
  | 'INTERRUPTED'
  | 'OUT_OF_MEMORY'
  | 'SIGNALLED'
  | 'TERMINATED'
  | 'TIMED_OUT';

export type ExecutionStartedEvent = SessionEvent & {
  __typename?: 'ExecutionStartedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  memoryMib: Scalars['Long']['output'];
  script: Scalars['String']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  timeoutSeconds: Scalars['Long']['output'];
};

export type Experiment = Node & {
  __typename?: 'Experiment';
  createdAt: Scalars['DateTime']['output'];
  dataset: DatasetDescription;
  description: Scalars['String']['output'];
  files: Array<DatasetFile>;
  id: Scalars['ID']['output'];
  instructions: Scalars['String']['output'];
  latestSession: Maybe<Session>;
  mainTable: Maybe<Scalars['String']['output']>;
  name: Scalars['String']['output'];
  sessions: SessionConnection;
  target: Maybe<Scalars['String']['output']>;
};


export type ExperimentSessionsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
};

export type ExperimentChange = {
  __typename?: 'ExperimentChange';
  experimentId: Scalars['ID']['output'];
};

export type ExperimentConnection = {
  __typename?: 'ExperimentConnection';
  edges: Array<ExperimentEdge>;
  nodes: Array<Experiment>;
  pageInfo: PageInfo;
  totalCount: Scalars['Long']['output'];
};

export type ExperimentEdge = {
  __typename?: 'ExperimentEdge';
  cursor: Scalars['String']['output'];
  node: Experiment;
};

export type FileChangedEvent = SessionEvent & {
  __typename?: 'FileChangedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Maybe<Scalars['String']['output']>;
  file: EventFile;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type FileCreatedEvent = SessionEvent & {
  __typename?: 'FileCreatedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Maybe<Scalars['String']['output']>;
  file: EventFile;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type FileEntry = {
  __typename?: 'FileEntry';
  modifiedAt: Scalars['DateTime']['output'];
  name: Scalars['String']['output'];
  path: Scalars['String']['output'];
  /** A page of a csv, tsv, parquet, xlsx or jsonl file; null for other files. */
  preview: Maybe<TablePreview>;
  size: Scalars['Long']['output'];
  /** Up to 256 KiB of text; null for a binary file. */
  text: Maybe<Scalars['String']['output']>;
  type: ArtifactType;
  /** Address below this server. */
  url: Scalars['String']['output'];
};


export type FileEntryPreviewArgs = {
  first: InputMaybe<Scalars['Int']['input']>;
  offset: InputMaybe<Scalars['Long']['input']>;
};

export type FilesReadyEvent = SessionEvent & {
  __typename?: 'FilesReadyEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  files: Array<EventFile>;
  seq: Maybe<Scalars['Long']['output']>;
  stage: Stage;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type LogRecordEvent = SessionEvent & {
  __typename?: 'LogRecordEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  data: Scalars['JSON']['output'];
  kind: RecordKind;
  name: Scalars['String']['output'];
  run: Maybe<Scalars['String']['output']>;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  step: Maybe<Scalars['Long']['output']>;
};

export type Message = Node & {
  __typename?: 'Message';
  content: Scalars['String']['output'];
  createdAt: Scalars['DateTime']['output'];
  id: Scalars['ID']['output'];
  metadata: Maybe<Scalars['JSON']['output']>;
  role: MessageRole;
  seq: Scalars['Long']['output'];
  stage: Maybe<Stage>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type MessageConnection = {
  __typename?: 'MessageConnection';
  edges: Array<MessageEdge>;
  nodes: Array<Message>;
  pageInfo: PageInfo;
};

export type MessageEdge = {
  __typename?: 'MessageEdge';
  cursor: Scalars['String']['output'];
  node: Message;
};

export type MessageRole =
  | 'ASSISTANT'
  | 'SYSTEM'
  | 'TOOL'
  | 'USER';

export type MetricBucket = {
  __typename?: 'MetricBucket';
  at: Scalars['DateTime']['output'];
  kind: MetricKind;
  last: Maybe<Scalars['Float']['output']>;
  max: Maybe<Scalars['Float']['output']>;
  min: Maybe<Scalars['Float']['output']>;
  x: Scalars['Long']['output'];
};

export type MetricKind =
  | 'FINITE'
  | 'INFINITY'
  | 'NAN'
  | 'NEGATIVE_INFINITY';

export type MetricPoint = {
  __typename?: 'MetricPoint';
  kind: MetricKind;
  name: Scalars['String']['output'];
  run: Maybe<Scalars['String']['output']>;
  step: Scalars['Long']['output'];
  value: Maybe<Scalars['Float']['output']>;
};

export type MetricSeries = {
  __typename?: 'MetricSeries';
  count: Scalars['Long']['output'];
  firstStep: Scalars['Long']['output'];
  last: Maybe<Scalars['Float']['output']>;
  lastKind: MetricKind;
  lastStep: Scalars['Long']['output'];
  max: Maybe<Scalars['Float']['output']>;
  min: Maybe<Scalars['Float']['output']>;
  name: Scalars['String']['output'];
  run: Maybe<Scalars['String']['output']>;
  stage: Stage;
  stageRunId: Scalars['ID']['output'];
};

export type MetricsBatchEvent = SessionEvent & {
  __typename?: 'MetricsBatchEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  items: Array<MetricPoint>;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type Mutation = {
  __typename?: 'Mutation';
  answerQuestion: AnswerQuestionPayload;
  cancelSession: CancelSessionPayload;
  /** Describes the files in a sandbox and makes an experiment of them. Takes seconds for a large file. */
  createExperiment: CreateExperimentPayload;
  createSession: CreateSessionPayload;
  /** Hands out an address to send one file to: PUT the bytes to `url`. */
  createUpload: CreateUploadPayload;
  deleteExperiment: DeleteExperimentPayload;
  renameExperiment: RenameExperimentPayload;
  /** Runs the failed or cancelled stage again. */
  retryStage: RetryStagePayload;
  sendMessage: SendMessagePayload;
  startStage: StartStagePayload;
};


export type MutationAnswerQuestionArgs = {
  input: AnswerQuestionInput;
};


export type MutationCancelSessionArgs = {
  input: CancelSessionInput;
};


export type MutationCreateExperimentArgs = {
  input: CreateExperimentInput;
};


export type MutationCreateSessionArgs = {
  input: CreateSessionInput;
};


export type MutationCreateUploadArgs = {
  input: CreateUploadInput;
};


export type MutationDeleteExperimentArgs = {
  input: DeleteExperimentInput;
};


export type MutationRenameExperimentArgs = {
  input: RenameExperimentInput;
};


export type MutationRetryStageArgs = {
  input: RetryStageInput;
};


export type MutationSendMessageArgs = {
  input: SendMessageInput;
};


export type MutationStartStageArgs = {
  input: StartStageInput;
};

export type Node = {
  id: Scalars['ID']['output'];
};

export type NoticeEvent = SessionEvent & {
  __typename?: 'NoticeEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  text: Scalars['String']['output'];
};

export type OutputStream =
  | 'STDERR'
  | 'STDOUT';

export type PageInfo = {
  __typename?: 'PageInfo';
  endCursor: Maybe<Scalars['String']['output']>;
  hasNextPage: Scalars['Boolean']['output'];
  hasPreviousPage: Scalars['Boolean']['output'];
  startCursor: Maybe<Scalars['String']['output']>;
};

export type PlanStatus =
  | 'DONE'
  | 'IN_PROGRESS'
  | 'PENDING';

export type PlanStep = {
  __typename?: 'PlanStep';
  status: PlanStatus;
  title: Scalars['String']['output'];
};

export type PlanUpdatedEvent = SessionEvent & {
  __typename?: 'PlanUpdatedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  steps: Array<PlanStep>;
};

export type PreviewColumn = {
  __typename?: 'PreviewColumn';
  dtype: Scalars['String']['output'];
  name: Scalars['String']['output'];
};

export type ProcessedDataset = {
  __typename?: 'ProcessedDataset';
  columns: Scalars['JSON']['output'];
  featureColumns: Array<Scalars['String']['output']>;
  qualityStats: Scalars['JSON']['output'];
  s3Synced: Scalars['Boolean']['output'];
  targetColumn: Scalars['String']['output'];
  testRows: Scalars['Long']['output'];
  totalRows: Scalars['Long']['output'];
  trainRows: Scalars['Long']['output'];
  valRows: Scalars['Long']['output'];
};

export type Provider = {
  __typename?: 'Provider';
  available: Scalars['Boolean']['output'];
  defaultModel: Scalars['String']['output'];
  description: Scalars['String']['output'];
  name: Scalars['String']['output'];
  reason: Maybe<Scalars['String']['output']>;
};

export type Query = {
  __typename?: 'Query';
  experiment: Maybe<Experiment>;
  experiments: ExperimentConnection;
  node: Maybe<Node>;
  nodes: Array<Maybe<Node>>;
  providers: Array<Provider>;
  samples: Array<Sample>;
  server: ServerInfo;
  session: Maybe<Session>;
};


export type QueryExperimentArgs = {
  id: Scalars['ID']['input'];
};


export type QueryExperimentsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
  search: InputMaybe<Scalars['String']['input']>;
};


export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


export type QueryNodesArgs = {
  ids: Array<Scalars['ID']['input']>;
};


export type QuerySessionArgs = {
  id: Scalars['ID']['input'];
};

export type QuestionAnsweredEvent = SessionEvent & {
  __typename?: 'QuestionAnsweredEvent';
  answer: Scalars['String']['output'];
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type QuestionAskedEvent = SessionEvent & {
  __typename?: 'QuestionAskedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  options: Array<Scalars['String']['output']>;
  question: Scalars['String']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type RecordKind =
  | 'CONFUSION_MATRIX'
  | 'HISTOGRAM'
  | 'IMAGE'
  | 'PR'
  | 'ROC'
  | 'TABLE'
  | 'TEXT';

export type RenameExperimentInput = {
  experimentId: Scalars['ID']['input'];
  name: Scalars['String']['input'];
};

export type RenameExperimentPayload = {
  __typename?: 'RenameExperimentPayload';
  experiment: Maybe<Experiment>;
  userErrors: Array<UserError>;
};

export type Report = {
  __typename?: 'Report';
  content: Scalars['String']['output'];
  path: Scalars['String']['output'];
  stage: Stage;
};

export type ReportReadyEvent = SessionEvent & {
  __typename?: 'ReportReadyEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  content: Scalars['String']['output'];
  path: Scalars['String']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stage: Stage;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type ResultMetric = {
  __typename?: 'ResultMetric';
  lower: Maybe<Scalars['Float']['output']>;
  name: Scalars['String']['output'];
  upper: Maybe<Scalars['Float']['output']>;
  value: Maybe<Scalars['Float']['output']>;
};

export type RetryStageInput = {
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  sessionId: Scalars['ID']['input'];
  through?: InputMaybe<Stage>;
};

export type RetryStagePayload = {
  __typename?: 'RetryStagePayload';
  session: Maybe<Session>;
  stageRun: Maybe<StageRun>;
  userErrors: Array<UserError>;
};

export type Sample = {
  __typename?: 'Sample';
  columns: Scalars['Int']['output'];
  description: Scalars['String']['output'];
  id: Scalars['ID']['output'];
  instructions: Scalars['String']['output'];
  licence: Scalars['String']['output'];
  rows: Scalars['Long']['output'];
  source: Scalars['String']['output'];
  target: Scalars['String']['output'];
  task: TaskType;
  title: Scalars['String']['output'];
};

export type SandboxInfo = {
  __typename?: 'SandboxInfo';
  missing: Array<Scalars['String']['output']>;
  name: Scalars['String']['output'];
  summary: Scalars['String']['output'];
  tier: Maybe<Scalars['String']['output']>;
};

export type SendMessageInput = {
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  sessionId: Scalars['ID']['input'];
  text: Scalars['String']['input'];
};

export type SendMessagePayload = {
  __typename?: 'SendMessagePayload';
  session: Maybe<Session>;
  userErrors: Array<UserError>;
};

export type ServerInfo = {
  __typename?: 'ServerInfo';
  environment: EnvironmentInfo;
  maxUploadBytes: Scalars['Long']['output'];
  sandbox: SandboxInfo;
  version: Scalars['String']['output'];
};

export type Session = Node & {
  __typename?: 'Session';
  /** What the session would accept now. */
  allows: SessionAllows;
  artifacts: ArtifactConnection;
  charts: Array<Chart>;
  createdAt: Scalars['DateTime']['output'];
  /** The log itself, oldest first. `after` is a sequence. */
  events: Array<SessionEvent>;
  experiment: Experiment;
  file: Maybe<FileEntry>;
  files: Array<FileEntry>;
  id: Scalars['ID']['output'];
  lastSeq: Scalars['Long']['output'];
  messages: MessageConnection;
  /** Points of one series, bucketed by the server to at most `buckets` (default 600, at most 2000). */
  metric: Array<MetricBucket>;
  /** Latest and best of every metric series. */
  metricSeries: Array<MetricSeries>;
  plan: Array<PlanStep>;
  processedDataset: Maybe<ProcessedDataset>;
  report: Maybe<Report>;
  /** The headline of the finished model, as the agent's metadata claims it. */
  result: Maybe<SessionResult>;
  stages: Array<StageStatus>;
  state: SessionState;
  updatedAt: Scalars['DateTime']['output'];
  usage: Usage;
};


export type SessionArtifactsArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
  stage: InputMaybe<Stage>;
  type: InputMaybe<ArtifactType>;
};


export type SessionEventsArgs = {
  after: InputMaybe<Scalars['Long']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
};


export type SessionFileArgs = {
  path: Scalars['String']['input'];
};


export type SessionFilesArgs = {
  stage: InputMaybe<Stage>;
};


export type SessionMessagesArgs = {
  after: InputMaybe<Scalars['String']['input']>;
  before: InputMaybe<Scalars['String']['input']>;
  first: InputMaybe<Scalars['Int']['input']>;
  last: InputMaybe<Scalars['Int']['input']>;
};


export type SessionMetricArgs = {
  buckets: InputMaybe<Scalars['Int']['input']>;
  from: InputMaybe<Scalars['Long']['input']>;
  name: Scalars['String']['input'];
  run: InputMaybe<Scalars['String']['input']>;
  stageRunId: InputMaybe<Scalars['ID']['input']>;
  to: InputMaybe<Scalars['Long']['input']>;
};


export type SessionMetricSeriesArgs = {
  stage: InputMaybe<Stage>;
};


export type SessionReportArgs = {
  stage: Stage;
};

export type SessionAllows = {
  __typename?: 'SessionAllows';
  answer: Scalars['Boolean']['output'];
  /** The failed or cancelled stage may be run again. */
  cancel: Scalars['Boolean']['output'];
  message: Scalars['Boolean']['output'];
  /** Stages that may be started now. */
  retry: Scalars['Boolean']['output'];
  startStages: Array<Stage>;
};

export type SessionConnection = {
  __typename?: 'SessionConnection';
  edges: Array<SessionEdge>;
  nodes: Array<Session>;
  pageInfo: PageInfo;
  totalCount: Scalars['Long']['output'];
};

export type SessionCreatedEvent = SessionEvent & {
  __typename?: 'SessionCreatedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  experimentId: Scalars['ID']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type SessionEdge = {
  __typename?: 'SessionEdge';
  cursor: Scalars['String']['output'];
  node: Session;
};

/** seq and at are null on live-only events (TextDelta). */
export type SessionEvent = {
  at: Maybe<Scalars['DateTime']['output']>;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
};

export type SessionEventBatch = {
  __typename?: 'SessionEventBatch';
  /** True once everything that was stored when the subscription started has been delivered. */
  caughtUp: Scalars['Boolean']['output'];
  events: Array<SessionEvent>;
};

export type SessionEventKind =
  | 'AGENT_ERROR'
  | 'AGENT_MESSAGE'
  | 'BUDGET_EXCEEDED'
  | 'CHART_CONFIG'
  | 'CODE_OUTPUT'
  | 'DATASET_DESCRIBED'
  | 'DATASET_PROCESSED'
  | 'EXECUTION_ENDED'
  | 'EXECUTION_STARTED'
  | 'FILES_READY'
  | 'FILE_CHANGED'
  | 'FILE_CREATED'
  | 'LOG_RECORD'
  | 'METRICS_BATCH'
  | 'NOTICE'
  | 'PLAN_UPDATED'
  | 'QUESTION_ANSWERED'
  | 'QUESTION_ASKED'
  | 'REPORT_READY'
  | 'SESSION_CREATED'
  | 'STAGE_RUN_ENDED'
  | 'STAGE_RUN_STARTED'
  | 'STATE_CHANGE'
  | 'TEXT_DELTA'
  | 'TOOL_END'
  | 'TOOL_START'
  | 'TURN_ENDED'
  | 'TURN_STARTED'
  | 'USAGE_RECORDED'
  | 'USER_MESSAGE'
  | 'VALIDATION_RESULT';

export type SessionResult = {
  __typename?: 'SessionResult';
  bestModel: Scalars['String']['output'];
  metrics: Array<ResultMetric>;
};

export type SessionState =
  | 'CANCELLED'
  | 'CREATED'
  | 'EDA_DONE'
  | 'EDA_RUNNING'
  | 'FAILED'
  | 'PREP_DONE'
  | 'PREP_RUNNING'
  | 'TRAIN_DONE'
  | 'TRAIN_RUNNING';

export type Stage =
  | 'EDA'
  | 'PREP'
  | 'TRAIN';

export type StageRun = Node & {
  __typename?: 'StageRun';
  endedAt: Maybe<Scalars['DateTime']['output']>;
  error: Maybe<Scalars['String']['output']>;
  id: Scalars['ID']['output'];
  model: Scalars['String']['output'];
  provider: Scalars['String']['output'];
  seed: Scalars['Long']['output'];
  stage: Stage;
  startedAt: Scalars['DateTime']['output'];
  state: StageRunState;
  superseded: Scalars['Boolean']['output'];
  through: Stage;
};

export type StageRunEndedEvent = SessionEvent & {
  __typename?: 'StageRunEndedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  error: Maybe<Scalars['String']['output']>;
  seq: Maybe<Scalars['Long']['output']>;
  stage: Stage;
  stageRunId: Maybe<Scalars['ID']['output']>;
  state: StageRunState;
  summary: Maybe<Scalars['String']['output']>;
};

export type StageRunStartedEvent = SessionEvent & {
  __typename?: 'StageRunStartedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  budgets: Budgets;
  model: Scalars['String']['output'];
  provider: Scalars['String']['output'];
  seed: Scalars['Long']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stage: Stage;
  stageRunId: Maybe<Scalars['ID']['output']>;
  through: Stage;
};

export type StageRunState =
  | 'CANCELLED'
  | 'DONE'
  | 'FAILED'
  | 'RUNNING';

export type StageStatus = {
  __typename?: 'StageStatus';
  current: Maybe<StageRun>;
  runs: Array<StageRun>;
  stage: Stage;
  state: StageStatusState;
};

export type StageStatusState =
  | 'CANCELLED'
  | 'DONE'
  | 'FAILED'
  | 'PENDING'
  | 'RUNNING';

export type StartStageInput = {
  budgets?: InputMaybe<BudgetsInput>;
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  model?: InputMaybe<Scalars['String']['input']>;
  provider?: InputMaybe<Scalars['String']['input']>;
  seed?: InputMaybe<Scalars['Long']['input']>;
  sessionId: Scalars['ID']['input'];
  stage: Stage;
  /** The stage to continue to without being asked; `stage` itself by default. */
  through?: InputMaybe<Stage>;
};

export type StartStagePayload = {
  __typename?: 'StartStagePayload';
  session: Maybe<Session>;
  stageRun: Maybe<StageRun>;
  userErrors: Array<UserError>;
};

export type StateChangeEvent = SessionEvent & {
  __typename?: 'StateChangeEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  state: SessionState;
};

export type Subscription = {
  __typename?: 'Subscription';
  /** A hint to refetch; emits the id of an experiment that changed (created, renamed, deleted, a session of it changed state). */
  experimentChanged: ExperimentChange;
  /** Replays the log after `after` (0 or absent: from the start), then follows it. Up to 256 events or 20 ms a batch. */
  sessionEvents: SessionEventBatch;
};


export type SubscriptionSessionEventsArgs = {
  after: InputMaybe<Scalars['Long']['input']>;
  kinds: InputMaybe<Array<SessionEventKind>>;
  sessionId: Scalars['ID']['input'];
};

export type TablePreview = {
  __typename?: 'TablePreview';
  columns: Array<PreviewColumn>;
  rows: Array<Array<Maybe<Scalars['String']['output']>>>;
  totalRows: Scalars['Long']['output'];
};

export type TaskType =
  | 'BINARY'
  | 'MULTICLASS'
  | 'REGRESSION';

/** Text of a turn as it arrives: provisional, live only. A higher `attempt` of the same turn discards the lower one's text; the final AgentMessage replaces it. */
export type TextDeltaEvent = SessionEvent & {
  __typename?: 'TextDeltaEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  attempt: Scalars['Int']['output'];
  offset: Scalars['Long']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  text: Scalars['String']['output'];
  turn: Scalars['Int']['output'];
};

export type ToolEndEvent = SessionEvent & {
  __typename?: 'ToolEndEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  durationMs: Scalars['Long']['output'];
  isError: Scalars['Boolean']['output'];
  output: Scalars['String']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  tool: Scalars['String']['output'];
};

export type ToolStartEvent = SessionEvent & {
  __typename?: 'ToolStartEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  callId: Scalars['String']['output'];
  input: Scalars['JSON']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  tool: Scalars['String']['output'];
};

export type TurnEndedEvent = SessionEvent & {
  __typename?: 'TurnEndedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  attempt: Scalars['Int']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  stopReason: Scalars['String']['output'];
  turn: Scalars['Int']['output'];
};

export type TurnStartedEvent = SessionEvent & {
  __typename?: 'TurnStartedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  attempt: Scalars['Int']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  turn: Scalars['Int']['output'];
};

export type Upload = {
  __typename?: 'Upload';
  fileName: Scalars['String']['output'];
  id: Scalars['ID']['output'];
  maxBytes: Scalars['Long']['output'];
  sha256: Maybe<Scalars['String']['output']>;
  size: Maybe<Scalars['Long']['output']>;
  state: UploadState;
  url: Scalars['String']['output'];
};

export type UploadState =
  | 'OPEN'
  | 'STORED';

export type Usage = {
  __typename?: 'Usage';
  cacheReadTokens: Scalars['Long']['output'];
  cacheWriteTokens: Scalars['Long']['output'];
  costUsd: Maybe<Scalars['Float']['output']>;
  inputTokens: Scalars['Long']['output'];
  outputTokens: Scalars['Long']['output'];
  turns: Scalars['Long']['output'];
};

export type UsageRecordedEvent = SessionEvent & {
  __typename?: 'UsageRecordedEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  cacheReadTokens: Scalars['Long']['output'];
  cacheWriteTokens: Scalars['Long']['output'];
  costUsd: Maybe<Scalars['Float']['output']>;
  inputTokens: Scalars['Long']['output'];
  outputTokens: Scalars['Long']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  turn: Scalars['Int']['output'];
};

export type UserError = {
  __typename?: 'UserError';
  code: UserErrorCode;
  /** The finding behind BAD_DATA, such as RAGGED_ROWS. */
  detail: Maybe<Scalars['String']['output']>;
  message: Scalars['String']['output'];
  path: Array<Scalars['String']['output']>;
};

export type UserErrorCode =
  /** The file or table is refused; `detail` names the finding, such as EMPTY_FILE. */
  | 'BAD_DATA'
  | 'CONFLICT'
  | 'IDEMPOTENCY_MISMATCH'
  | 'INVALID_INPUT'
  | 'NOT_ALLOWED'
  | 'NOT_FOUND'
  | 'UNAVAILABLE'
  | 'UPLOAD_INCOMPLETE';

export type UserMessageEvent = SessionEvent & {
  __typename?: 'UserMessageEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  messageId: Scalars['ID']['output'];
  seq: Maybe<Scalars['Long']['output']>;
  stageRunId: Maybe<Scalars['ID']['output']>;
  text: Scalars['String']['output'];
};

export type ValidationResultEvent = SessionEvent & {
  __typename?: 'ValidationResultEvent';
  at: Maybe<Scalars['DateTime']['output']>;
  errors: Array<Scalars['String']['output']>;
  passed: Array<Scalars['String']['output']>;
  seq: Maybe<Scalars['Long']['output']>;
  stage: Stage;
  stageRunId: Maybe<Scalars['ID']['output']>;
  warnings: Array<Scalars['String']['output']>;
};

export type ValueCount = {
  __typename?: 'ValueCount';
  count: Scalars['Long']['output'];
  value: Scalars['String']['output'];
};

export type PaletteQueryVariables = Exact<{
  search: InputMaybe<Scalars['String']['input']>;
}>;


export type PaletteQuery = { __typename?: 'Query', experiments: { __typename?: 'ExperimentConnection', nodes: Array<{ __typename?: 'Experiment', id: string, name: string, latestSession: { __typename?: 'Session', id: string } | null }> } };

export type ChatSessionFragment = { __typename?: 'Session', id: string, state: SessionState, allows: { __typename?: 'SessionAllows', startStages: Array<Stage>, retry: boolean, cancel: boolean, message: boolean, answer: boolean } } & { ' $fragmentName'?: 'ChatSessionFragment' };

export type SendMessageMutationVariables = Exact<{
  input: SendMessageInput;
}>;


export type SendMessageMutation = { __typename?: 'Mutation', sendMessage: { __typename?: 'SendMessagePayload', session: { __typename?: 'Session', id: string, state: SessionState } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

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


export type EnvironmentQuery = { __typename?: 'Query', server: { __typename?: 'ServerInfo', version: string, sandbox: { __typename?: 'SandboxInfo', name: string, missing: Array<string> }, environment: { __typename?: 'EnvironmentInfo', ready: boolean, progress: string | null, error: string | null } } };

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

export type GalleryChangedSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type GalleryChangedSubscription = { __typename?: 'Subscription', experimentChanged: { __typename?: 'ExperimentChange', experimentId: string } };

export type SampleCardFragment = { __typename?: 'Sample', id: string, title: string, description: string, rows: number, columns: number, target: string, task: TaskType, source: string, licence: string, instructions: string } & { ' $fragmentName'?: 'SampleCardFragment' };

export type SamplesQueryVariables = Exact<{ [key: string]: never; }>;


export type SamplesQuery = { __typename?: 'Query', samples: Array<(
    { __typename?: 'Sample', id: string }
    & { ' $fragmentRefs'?: { 'SampleCardFragment': SampleCardFragment } }
  )> };

export type CreateUploadMutationVariables = Exact<{
  input: CreateUploadInput;
}>;


export type CreateUploadMutation = { __typename?: 'Mutation', createUpload: { __typename?: 'CreateUploadPayload', upload: { __typename?: 'Upload', id: string, url: string } | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type MetricsSessionFragment = { __typename?: 'Session', id: string, stages: Array<{ __typename?: 'StageStatus', stage: Stage, runs: Array<{ __typename?: 'StageRun', id: string, superseded: boolean }> }> } & { ' $fragmentName'?: 'MetricsSessionFragment' };

export type ReportSessionFragment = { __typename?: 'Session', id: string, stages: Array<{ __typename?: 'StageStatus', stage: Stage, state: StageStatusState, current: { __typename?: 'StageRun', id: string } | null }> } & { ' $fragmentName'?: 'ReportSessionFragment' };

export type CanvasSessionFragment = (
  { __typename?: 'Session', id: string, state: SessionState }
  & { ' $fragmentRefs'?: { 'ReportSessionFragment': ReportSessionFragment;'MetricsSessionFragment': MetricsSessionFragment } }
) & { ' $fragmentName'?: 'CanvasSessionFragment' };

export type StageActionsFragment = { __typename?: 'Session', id: string, state: SessionState, allows: { __typename?: 'SessionAllows', startStages: Array<Stage>, retry: boolean, cancel: boolean, message: boolean, answer: boolean }, stages: Array<{ __typename?: 'StageStatus', stage: Stage, state: StageStatusState, current: { __typename?: 'StageRun', id: string, through: Stage } | null }> } & { ' $fragmentName'?: 'StageActionsFragment' };

export type StartStageMutationVariables = Exact<{
  input: StartStageInput;
}>;


export type StartStageMutation = { __typename?: 'Mutation', startStage: { __typename?: 'StartStagePayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type CancelSessionMutationVariables = Exact<{
  input: CancelSessionInput;
}>;


export type CancelSessionMutation = { __typename?: 'Mutation', cancelSession: { __typename?: 'CancelSessionPayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type RetryStageMutationVariables = Exact<{
  input: RetryStageInput;
}>;


export type RetryStageMutation = { __typename?: 'Mutation', retryStage: { __typename?: 'RetryStagePayload', session: (
      { __typename?: 'Session', id: string }
      & { ' $fragmentRefs'?: { 'StageStripFragment': StageStripFragment } }
    ) | null, userErrors: Array<{ __typename?: 'UserError', message: string, path: Array<string>, code: UserErrorCode, detail: string | null }> } };

export type ProvidersQueryVariables = Exact<{ [key: string]: never; }>;


export type ProvidersQuery = { __typename?: 'Query', providers: Array<{ __typename?: 'Provider', name: string, available: boolean, reason: string | null, defaultModel: string, description: string }> };

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

export type SessionEventsSubscriptionVariables = Exact<{
  sessionId: Scalars['ID']['input'];
  after: InputMaybe<Scalars['Long']['input']>;
}>;


export type SessionEventsSubscription = { __typename?: 'Subscription', sessionEvents: { __typename?: 'SessionEventBatch', caughtUp: boolean, events: Array<
      | { __typename: 'AgentErrorEvent', message: string, retryable: boolean, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'AgentMessageEvent', messageId: string, turn: number, text: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'BudgetExceededEvent', budget: string, limit: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ChartConfigEvent', seq: number | null, at: string | null, stageRunId: string | null, charts: Array<{ __typename?: 'Chart', title: string, metrics: Array<string>, type: string }> }
      | { __typename: 'CodeOutputEvent', callId: string, stream: OutputStream, text: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'DatasetDescribedEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'DatasetProcessedEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ExecutionEndedEvent', callId: string, how: ExecutionEndingKind, code: number | null, peakMemory: number | null, droppedOutput: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ExecutionStartedEvent', callId: string, script: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'FileChangedEvent', seq: number | null, at: string | null, stageRunId: string | null, by: string | null, file: { __typename?: 'EventFile', path: string, url: string } }
      | { __typename: 'FileCreatedEvent', seq: number | null, at: string | null, stageRunId: string | null, by: string | null, file: { __typename?: 'EventFile', path: string, url: string } }
      | { __typename: 'FilesReadyEvent', stage: Stage, seq: number | null, at: string | null, stageRunId: string | null, files: Array<{ __typename?: 'EventFile', path: string, url: string }> }
      | { __typename: 'LogRecordEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'MetricsBatchEvent', seq: number | null, at: string | null, stageRunId: string | null, items: Array<{ __typename?: 'MetricPoint', step: number, name: string, value: number | null, kind: MetricKind, run: string | null }> }
      | { __typename: 'NoticeEvent', text: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'PlanUpdatedEvent', seq: number | null, at: string | null, stageRunId: string | null, steps: Array<{ __typename?: 'PlanStep', title: string, status: PlanStatus }> }
      | { __typename: 'QuestionAnsweredEvent', callId: string, answer: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'QuestionAskedEvent', callId: string, question: string, options: Array<string>, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ReportReadyEvent', stage: Stage, path: string, content: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'SessionCreatedEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'StageRunEndedEvent', stage: Stage, summary: string | null, error: string | null, seq: number | null, at: string | null, stageRunId: string | null, outcome: StageRunState }
      | { __typename: 'StageRunStartedEvent', stage: Stage, through: Stage, provider: string, model: string, seed: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'StateChangeEvent', seq: number | null, at: string | null, stageRunId: string | null, sessionState: SessionState }
      | { __typename: 'TextDeltaEvent', turn: number, attempt: number, offset: number, text: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ToolEndEvent', callId: string, output: string, isError: boolean, durationMs: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ToolStartEvent', callId: string, tool: string, input: unknown, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'TurnEndedEvent', seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'TurnStartedEvent', turn: number, attempt: number, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'UsageRecordedEvent', inputTokens: number, outputTokens: number, cacheReadTokens: number, cacheWriteTokens: number, costUsd: number | null, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'UserMessageEvent', messageId: string, text: string, seq: number | null, at: string | null, stageRunId: string | null }
      | { __typename: 'ValidationResultEvent', stage: Stage, passed: Array<string>, warnings: Array<string>, errors: Array<string>, seq: number | null, at: string | null, stageRunId: string | null }
    > } };

export const ChatSessionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}}]}}]} as unknown as DocumentNode<ChatSessionFragment, unknown>;
export const ColumnFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Column"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DatasetColumn"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"dtype"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"missing"}},{"kind":"Field","name":{"kind":"Name","value":"unique"}},{"kind":"Field","name":{"kind":"Name","value":"min"}},{"kind":"Field","name":{"kind":"Name","value":"max"}},{"kind":"Field","name":{"kind":"Name","value":"mean"}},{"kind":"Field","name":{"kind":"Name","value":"top"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}},{"kind":"Field","name":{"kind":"Name","value":"examples"}}]}}]} as unknown as DocumentNode<ColumnFragment, unknown>;
export const OutcomeFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Outcome"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"processedDataset"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"featureColumns"}},{"kind":"Field","name":{"kind":"Name","value":"targetColumn"}},{"kind":"Field","name":{"kind":"Name","value":"totalRows"}},{"kind":"Field","name":{"kind":"Name","value":"trainRows"}},{"kind":"Field","name":{"kind":"Name","value":"valRows"}},{"kind":"Field","name":{"kind":"Name","value":"testRows"}}]}},{"kind":"Field","name":{"kind":"Name","value":"result"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bestModel"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"lower"}},{"kind":"Field","name":{"kind":"Name","value":"upper"}}]}}]}}]}}]} as unknown as DocumentNode<OutcomeFragment, unknown>;
export const ExperimentRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ExperimentRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Experiment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"files"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"size"}}]}},{"kind":"Field","name":{"kind":"Name","value":"dataset"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mainTable"}},{"kind":"Field","name":{"kind":"Name","value":"tables"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"columns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"latestSession"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"updatedAt"}},{"kind":"Field","name":{"kind":"Name","value":"result"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bestModel"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}}]}}]}}]} as unknown as DocumentNode<ExperimentRowFragment, unknown>;
export const SampleCardFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SampleCard"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Sample"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"columns"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"task"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"licence"}},{"kind":"Field","name":{"kind":"Name","value":"instructions"}}]}}]} as unknown as DocumentNode<SampleCardFragment, unknown>;
export const ReportSessionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReportSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<ReportSessionFragment, unknown>;
export const MetricsSessionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MetricsSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"runs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"superseded"}}]}}]}}]}}]} as unknown as DocumentNode<MetricsSessionFragment, unknown>;
export const CanvasSessionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CanvasSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReportSession"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"MetricsSession"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReportSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MetricsSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"runs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"superseded"}}]}}]}}]}}]} as unknown as DocumentNode<CanvasSessionFragment, unknown>;
export const StageActionsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}}]}}]} as unknown as DocumentNode<StageActionsFragment, unknown>;
export const StageStripFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}}]}}]} as unknown as DocumentNode<StageStripFragment, unknown>;
export const PaletteDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Palette"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"search"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experiments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"8"}},{"kind":"Argument","name":{"kind":"Name","value":"search"},"value":{"kind":"Variable","name":{"kind":"Name","value":"search"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"latestSession"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]}}]} as unknown as DocumentNode<PaletteQuery, PaletteQueryVariables>;
export const SendMessageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SendMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SendMessageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sendMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<SendMessageMutation, SendMessageMutationVariables>;
export const AnswerQuestionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"AnswerQuestion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AnswerQuestionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"answerQuestion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<AnswerQuestionMutation, AnswerQuestionMutationVariables>;
export const DataDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Data"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"experiment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"files"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"size"}}]}},{"kind":"Field","name":{"kind":"Name","value":"dataset"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mainTable"}},{"kind":"Field","name":{"kind":"Name","value":"notes"}},{"kind":"Field","name":{"kind":"Name","value":"warnings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"column"}},{"kind":"Field","name":{"kind":"Name","value":"file"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tables"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"fileNames"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"duplicates"}},{"kind":"Field","name":{"kind":"Name","value":"columns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"Column"}}]}}]}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Outcome"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Column"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DatasetColumn"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"dtype"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"missing"}},{"kind":"Field","name":{"kind":"Name","value":"unique"}},{"kind":"Field","name":{"kind":"Name","value":"min"}},{"kind":"Field","name":{"kind":"Name","value":"max"}},{"kind":"Field","name":{"kind":"Name","value":"mean"}},{"kind":"Field","name":{"kind":"Name","value":"top"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}},{"kind":"Field","name":{"kind":"Name","value":"examples"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Outcome"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"processedDataset"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"featureColumns"}},{"kind":"Field","name":{"kind":"Name","value":"targetColumn"}},{"kind":"Field","name":{"kind":"Name","value":"totalRows"}},{"kind":"Field","name":{"kind":"Name","value":"trainRows"}},{"kind":"Field","name":{"kind":"Name","value":"valRows"}},{"kind":"Field","name":{"kind":"Name","value":"testRows"}}]}},{"kind":"Field","name":{"kind":"Name","value":"result"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"bestModel"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"lower"}},{"kind":"Field","name":{"kind":"Name","value":"upper"}}]}}]}}]}}]} as unknown as DocumentNode<DataQuery, DataQueryVariables>;
export const EnvironmentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Environment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"sandbox"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"missing"}}]}},{"kind":"Field","name":{"kind":"Name","value":"environment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"ready"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"error"}}]}}]}}]}}]} as unknown as DocumentNode<EnvironmentQuery, EnvironmentQueryVariables>;
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
export const GalleryChangedDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"GalleryChanged"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experimentChanged"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experimentId"}}]}}]}}]} as unknown as DocumentNode<GalleryChangedSubscription, GalleryChangedSubscriptionVariables>;
export const SamplesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Samples"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"samples"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"SampleCard"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SampleCard"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Sample"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"columns"}},{"kind":"Field","name":{"kind":"Name","value":"target"}},{"kind":"Field","name":{"kind":"Name","value":"task"}},{"kind":"Field","name":{"kind":"Name","value":"source"}},{"kind":"Field","name":{"kind":"Name","value":"licence"}},{"kind":"Field","name":{"kind":"Name","value":"instructions"}}]}}]} as unknown as DocumentNode<SamplesQuery, SamplesQueryVariables>;
export const CreateUploadDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateUpload"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateUploadInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createUpload"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"upload"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"url"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}}]} as unknown as DocumentNode<CreateUploadMutation, CreateUploadMutationVariables>;
export const StartStageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"StartStage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StartStageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}}]} as unknown as DocumentNode<StartStageMutation, StartStageMutationVariables>;
export const CancelSessionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelSession"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CancelSessionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelSession"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}}]} as unknown as DocumentNode<CancelSessionMutation, CancelSessionMutationVariables>;
export const RetryStageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RetryStage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RetryStageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryStage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"detail"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}}]} as unknown as DocumentNode<RetryStageMutation, RetryStageMutationVariables>;
export const ProvidersDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Providers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"providers"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"available"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"defaultModel"}},{"kind":"Field","name":{"kind":"Name","value":"description"}}]}}]}}]} as unknown as DocumentNode<ProvidersQuery, ProvidersQueryVariables>;
export const StudioDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Studio"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"experiment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"target"}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageStrip"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ChatSession"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"CanvasSession"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageActions"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"through"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ReportSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"MetricsSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"runs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"superseded"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"StageStrip"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"current"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"StageActions"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ChatSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"allows"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startStages"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}},{"kind":"Field","name":{"kind":"Name","value":"cancel"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"CanvasSession"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"ReportSession"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"MetricsSession"}}]}}]} as unknown as DocumentNode<StudioQuery, StudioQueryVariables>;
export const SessionEventsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"SessionEvents"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Long"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sessionEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"sessionId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"sessionId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"caughtUp"}},{"kind":"Field","name":{"kind":"Name","value":"events"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}},{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"stageRunId"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"StateChangeEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"sessionState"},"name":{"kind":"Name","value":"state"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"StageRunStartedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"through"}},{"kind":"Field","name":{"kind":"Name","value":"provider"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"seed"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"StageRunEndedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","alias":{"kind":"Name","value":"outcome"},"name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"summary"}},{"kind":"Field","name":{"kind":"Name","value":"error"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UserMessageEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messageId"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"QuestionAnsweredEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"answer"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TurnStartedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"turn"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AgentMessageEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messageId"}},{"kind":"Field","name":{"kind":"Name","value":"turn"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"NoticeEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"text"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ToolStartEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"tool"}},{"kind":"Field","name":{"kind":"Name","value":"input"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ToolEndEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"output"}},{"kind":"Field","name":{"kind":"Name","value":"isError"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ExecutionStartedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"script"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ExecutionEndedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"how"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"peakMemory"}},{"kind":"Field","name":{"kind":"Name","value":"droppedOutput"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"CodeOutputEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"stream"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FileCreatedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"by"},"name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"file"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"url"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FileChangedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"by"},"name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"file"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"url"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MetricsBatchEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"items"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"run"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ChartConfigEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"charts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"}},{"kind":"Field","name":{"kind":"Name","value":"type"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PlanUpdatedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"steps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"QuestionAskedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"callId"}},{"kind":"Field","name":{"kind":"Name","value":"question"}},{"kind":"Field","name":{"kind":"Name","value":"options"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"UsageRecordedEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inputTokens"}},{"kind":"Field","name":{"kind":"Name","value":"outputTokens"}},{"kind":"Field","name":{"kind":"Name","value":"cacheReadTokens"}},{"kind":"Field","name":{"kind":"Name","value":"cacheWriteTokens"}},{"kind":"Field","name":{"kind":"Name","value":"costUsd"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"BudgetExceededEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"budget"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"AgentErrorEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ReportReadyEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"content"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"FilesReadyEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"files"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"url"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ValidationResultEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"passed"}},{"kind":"Field","name":{"kind":"Name","value":"warnings"}},{"kind":"Field","name":{"kind":"Name","value":"errors"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TextDeltaEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"turn"}},{"kind":"Field","name":{"kind":"Name","value":"attempt"}},{"kind":"Field","name":{"kind":"Name","value":"offset"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}}]}}]}}]}}]} as unknown as DocumentNode<SessionEventsSubscription, SessionEventsSubscriptionVariables>;