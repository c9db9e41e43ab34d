/**
 * The SPI's records as the border's messages, and back.
 *
 * <pre>
 * Scalar &lt;-&gt; Literal    Scan.Files -&gt; FileScan    WriteTarget -&gt; WriteTarget
 * InspectFilesResponse -&gt; FileInspector.Inspection
 * </pre>
 *
 * Invariants: pure functions; a type that is not canonical is an error.
 */
package dev.kelda.executor.wire;
