/**
 * Which models there are.
 *
 * <pre>
 * name[@version|@alias] --ModelRegistry--> ModelVersion --ModelFiles--> bytes
 * </pre>
 *
 * Invariants: versions count from 1 and are not used again; a file is named by its hash and written
 * once.
 */
package dev.kelda.ai.registry;
