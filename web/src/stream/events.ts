/** The spine: what the client reads of a session's log. */
import { graphql } from "@/api/gql";
import type { SessionEventsSubscription } from "@/api/gql/graphql";

export const SessionEvents = graphql(`
  subscription SessionEvents($sessionId: ID!, $after: Long) {
    sessionEvents(sessionId: $sessionId, after: $after) {
      caughtUp
      events {
        __typename
        seq
        at
        stageRunId
        ... on StateChangeEvent {
          sessionState: state
        }
        ... on StageRunStartedEvent {
          stage
          through
          provider
          model
          seed
          effort
          approval
          budgets {
            executionSeconds
            questionSeconds
            memoryMib
            turns
            stageSeconds
            stageTokens
            stageUsd
            stageSandboxSeconds
            sessionTurns
            sessionSeconds
            sessionTokens
            sessionUsd
            sessionSandboxSeconds
          }
        }
        ... on StageRunResumedEvent {
          stage
          provider
          model
          budgets {
            executionSeconds
            questionSeconds
            memoryMib
            turns
            stageSeconds
            stageTokens
            stageUsd
            stageSandboxSeconds
            sessionTurns
            sessionSeconds
            sessionTokens
            sessionUsd
            sessionSandboxSeconds
          }
        }
        ... on BudgetsSetEvent {
          budgets {
            executionSeconds
            questionSeconds
            memoryMib
            turns
            stageSeconds
            stageTokens
            stageUsd
            stageSandboxSeconds
            sessionTurns
            sessionSeconds
            sessionTokens
            sessionUsd
            sessionSandboxSeconds
          }
        }
        ... on FollowUpStartedEvent {
          provider
          model
        }
        ... on FollowUpEndedEvent {
          outcome: state
          error
        }
        ... on S3SyncCompleteEvent {
          filesSynced
          s3Prefix
        }
        ... on ApprovalAskedEvent {
          stage
          through
        }
        ... on ApprovalAnsweredEvent {
          stage
          approved
        }
        ... on ContextCondensedEvent {
          turns
          summarisedTurns
        }
        ... on StageRunEndedEvent {
          stage
          outcome: state
          summary
          error
        }
        ... on UserMessageEvent {
          messageId
          text
          interrupt
        }
        ... on QuestionAnsweredEvent {
          callId
          answer
        }
        ... on TurnStartedEvent {
          turn
          attempt
        }
        ... on AgentMessageEvent {
          messageId
          turn
          text
        }
        ... on NoticeEvent {
          text
          forPeople
        }
        ... on ToolStartEvent {
          callId
          tool
          input
        }
        ... on ToolEndEvent {
          callId
          output
          isError
          durationMs
        }
        ... on ExecutionStartedEvent {
          callId
          script
        }
        ... on ExecutionWaitingEvent {
          callId
          ahead
        }
        ... on ExecutionPlacedEvent {
          callId
        }
        ... on ExecutionEndedEvent {
          callId
          how
          said
          durationMs
          cpuSeconds
          peakMemory
          droppedOutput
        }
        ... on FilesRefusedEvent {
          callId
          refused: files {
            path
            reason
          }
          more
        }
        ... on CodeOutputEvent {
          callId
          stream
          text
        }
        ... on FileCreatedEvent {
          by: callId
          file {
            path
            url
          }
        }
        ... on FileChangedEvent {
          by: callId
          file {
            path
            url
          }
        }
        ... on MetricsBatchEvent {
          items {
            step
            name
            value
            kind
            run
          }
        }
        ... on ChartConfigEvent {
          charts {
            title
            metrics
            type
          }
        }
        ... on PlanUpdatedEvent {
          steps {
            title
            status
          }
        }
        ... on QuestionAskedEvent {
          callId
          question
          options
          default
          deadline
        }
        ... on UsageRecordedEvent {
          inputTokens
          outputTokens
          cacheReadTokens
          cacheWriteTokens
          costUsd
          estimated
          broken
        }
        ... on BudgetWarningEvent {
          budget
          used
          limit
        }
        ... on BudgetExceededEvent {
          budget
          limit
        }
        ... on AgentErrorEvent {
          message
          retryable
        }
        ... on ReportReadyEvent {
          stage
          path
          content
        }
        ... on FilesReadyEvent {
          stage
          files {
            path
            url
          }
        }
        ... on ValidationResultEvent {
          stage
          passed
          warnings
          errors
        }
        ... on TextDeltaEvent {
          turn
          attempt
          offset
          text
        }
      }
    }
  }
`);

export type SessionEvent = SessionEventsSubscription["sessionEvents"]["events"][number];
export type EventOf<Name extends SessionEvent["__typename"]> = Extract<SessionEvent, { __typename: Name }>;
