/**
 * The function registry: {@code functions.yaml} in, Calcite operators, plan ids and the reference
 * page out.
 *
 * <pre>
 * functions.yaml --RegistryFile--> FunctionInfo --> SqlOperator (validator)   --id()--> plan.proto
 *                                           \-----> FunctionReference (docs/reference/functions.md)
 *                                            \----> test vectors (run through the whole engine)
 * </pre>
 *
 * Invariants: what is not in the file is not a function; a validated call of a registered function
 * has arguments of exactly one signature's types (NULL and parameters excepted); every id but those
 * of Calcite's own operators is known to {@code executor/native/src/functions}.
 */
package dev.kelda.planner.function;
