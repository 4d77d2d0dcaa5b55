/** Starting a workflow, as services ask for it: by name. Temporal stands behind it (workflows/temporal-port.ts). */
export interface WorkflowStarter {
  /** One open run per workflowId: a second start of the same id joins the first. It runs for this participant. */
  start(request: { name: string; workflowId: string; participant: string; input: object }): Promise<void>
}
