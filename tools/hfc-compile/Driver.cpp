//===- Driver.cpp - what hfc-compile does
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

#include "dialects/dist/Sharding.h"
#include "hfc/Ledger/Passes.h"
#include "hfc/Pipelines/ExtensionPoints.h"
#include "hfc/Plugin/Load.h"
#include "hfc/Support/DescribePlace.h"
#include "hfc/Support/ParseIR.h"
#include "hfc/Support/Register.h"
#include "hfc/Target/CPU.h"
#include "hfc/Target/NVPTX.h"
#include "hfc/Target/NVPTX/Passes.h"
#include "hfc/Verify/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace hfc;

/// hfc's dialects and those of plugins, which are loaded by it.
static DialectRegistry allDialects(ArrayRef<std::string> plugins, std::string &error) {
  DialectRegistry registry;
  registerAllDialects(registry);
  (void)loadPlugins(plugins, registry, error);
  return registry;
}

/// One thread: modules are small, passes walk them whole, and a crash in a thread of a pool could not be reported.
Driver::Driver(const Options &options)
    : options(options), context(allDialects(options.plugins, pluginError), MLIRContext::Threading::DISABLED) {
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) { diagnose(diagnostic); });
}

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

void hfc::printError(const llvm::Twine &message) { llvm::errs() << "hfc-compile: error: " << message << '\n'; }

LogicalResult Driver::fail(const llvm::Twine &message, ExitStatus why) {
  printError(message);
  status = why;
  return failure();
}

void Driver::diagnose(Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
    return;
  bool isError = diagnostic.getSeverity() == DiagnosticSeverity::Error;
  llvm::errs() << "hfc-compile: " << (isError ? "error: " : "warning: ") << describePlace(diagnostic.getLocation())
               << diagnostic.str() << '\n';
  for (Diagnostic &note : diagnostic.getNotes())
    llvm::errs() << "  note: " << describePlace(note.getLocation()) << note.str() << '\n';
}

void Driver::showProgress(StringRef what) {
  std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  if (elapsed.count() > 2 && llvm::sys::Process::StandardErrIsDisplayed())
    llvm::errs() << "hfc-compile: " << what << llvm::formatv(" ({0:F1} s)\n", elapsed.count());
}

//===----------------------------------------------------------------------===//
// Input
//===----------------------------------------------------------------------===//

LogicalResult Driver::openOutput() {
  if (options.output.empty() || options.output == "-")
    return success();
  std::string error;
  return failed(output.open(options.output, error)) ? fail(error) : success();
}

/// The target of a program that says none.
static std::string fallbackTarget() { return hasCudaDevice() ? "cuda" : "cpu"; }

LogicalResult Driver::loadIR() {
  if (!options.importOption.empty())
    return fail(options.importOption + " says how a model is imported, but the input is IR, where that is fixed");
  std::string error;
  module = parseIRFile(&context, options.model, sourceText, error);
  if (module)
    return success();
  status = ExitUserError;
  // What the parser had to say is on standard error.
  return error.empty() ? failure() : fail(error);
}

LogicalResult Driver::importFromModel() {
  ImportMessages messages;
  ImportOptions request = options.import;
  request.fallbackTarget = fallbackTarget();
  FailureOr<OwningOpRef<ModuleOp>> imported = importModel(&context, options.model, request, messages);
  for (const std::string &warning : messages.warnings)
    llvm::errs() << "hfc-compile: warning: " << warning << '\n';
  if (failed(imported))
    return fail(messages.error, messages.internal ? ExitInternalError : ExitUserError);
  module = std::move(*imported);
  llvm::raw_string_ostream os(sourceText);
  module->print(os);
  return success();
}

/// A field of `hf.program` that is a word; empty if there is none.
StringRef Driver::programField(StringRef name) {
  auto program = (*module)->getAttrOfType<DictionaryAttr>("hf.program");
  auto field = program ? program.getAs<StringAttr>(name) : StringAttr();
  return field ? field.getValue() : StringRef();
}

LogicalResult Driver::checkTarget(StringRef wanted, StringRef made) {
  if (!made.empty() && made != wanted)
    return fail("--target: '" + options.model + "' was made for " + made + ", not " + wanted);
  if (wanted == "cpu" && (options.emit == Phase::GPU || options.emit == Phase::PTX))
    return fail("--emit=gpu and --emit=ptx are for --target=cuda");
  bool isLowered = module->lookupSymbol("hfc_program_json");
  for (auto [name, value] : {std::pair("--cpu", &options.cpu), std::pair("--gpu", &options.gpu)})
    if (!value->empty() && isLowered)
      return fail(name + (": '" + options.model + "' is in the LLVM dialect, where that is fixed"));
  if (wanted == "cpu" && !options.gpu.empty())
    return fail("--gpu is for --target=cuda");
  return success();
}

/// What the options say about a program that may have come from a file.
LogicalResult Driver::checkProgram() {
  auto program = (*module)->getAttrOfType<DictionaryAttr>("hf.program");
  if (!program)
    return fail("'" + options.model + "' is no program of hfc: the module has no dictionary 'hf.program'");
  StringRef made = programField("target");
  std::string wanted = options.import.target.value_or(made.empty() ? fallbackTarget() : made.str());
  if (failed(checkTarget(wanted, made)))
    return failure();
  NamedAttrList fields(program);
  Builder builder(&context);
  auto set = [&](StringRef name, StringRef given, StringRef usual) {
    if (!given.empty() || !fields.get(name))
      fields.set(name, builder.getStringAttr(given.empty() ? usual : given));
  };
  set("cpu", options.cpu, defaultCPU());
  if (wanted == "cuda")
    set("gpu", options.gpu, "sm_90a");
  if (options.deterministic)
    fields.set("deterministic", builder.getUnitAttr());
  fields.set("target", builder.getStringAttr(wanted));
  (*module)->setAttr("hf.program", fields.getDictionary(&context));
  return success();
}

LogicalResult Driver::load() {
  showProgress("importing");
  if (failed(isIR() ? loadIR() : importFromModel()))
    return failure();
  return checkProgram();
}

/// What ranks compute is compared with the model, or with the program that the user names.
LogicalResult Driver::prepareCheck() {
  auto mesh = (*module)->getAttrOfType<dist::MeshAttr>(dist::meshName);
  bool isLocal = (*module)->hasAttr(dist::materializedName);
  if (!options.verifyPartition.value_or(true) || !mesh || mesh.ranks() == 1)
    return success();
  if (isLocal && options.reference.empty()) {
    llvm::errs() << "hfc-compile: not verified: '" << options.model
                 << "' is what ranks run; --reference=FILE names the program to compare it with\n";
    return success();
  }
  check = std::make_shared<verify::PartitionCheck>();
  check->onVerdict = [this](const verify::Verdict &verdict) {
    this->verdict = verdict;
    if (verdict.fault)
      status = ExitCheckFailed;
    else
      llvm::errs() << "hfc-compile: " << verdict.summary() << '\n';
  };
  if (options.reference.empty())
    return success();
  std::string text, error;
  check->global = parseIRFile(&context, options.reference, text, error);
  if (check->global && !dist::isMaterialized(*check->global))
    return success();
  status = ExitUserError;
  if (check->global)
    error = "is what ranks run; the program before that is wanted (--emit=differentiate)";
  return error.empty() ? failure() : fail("--reference: '" + options.reference + "': " + error);
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

/// A mesh or a partitioner that does not fit the model is the user's to change; the rest of what was imported must
/// compile.
LogicalResult Driver::annotate() {
  PassManager manager(&context);
  buildCPUPipeline(manager, Phase::Annotate);
  if (succeeded(manager.run(*module)))
    return success();
  status = ExitUserError;
  return failure();
}

LogicalResult Driver::lower(Phase phase, StringRef what) {
  showProgress(what);
  if (phase >= Phase::Annotate && (*module)->hasAttr("dist.mesh") && failed(annotate()))
    return failure();
  PassManager manager(&context);
  Checks checks{options.verifyPartition.value_or(true), check};
  if (isForCUDA())
    buildGPUPipeline(manager, phase, programField("gpu"), checks);
  else
    buildCPUPipeline(manager, phase, checks);
  if (succeeded(manager.run(*module)))
    return success();
  if (status == ExitCheckFailed)
    return failure();
  // A model that was imported is one that must compile; IR may hold anything, and plugins do anything to it.
  status = isIR() || hasExtensions() ? ExitUserError : ExitInternalError;
  return failure();
}

LogicalResult Driver::writeText(StringRef text) {
  std::string error;
  if (options.output.empty() || options.output == "-") {
    llvm::outs() << text;
    llvm::outs().flush();
    if (!llvm::outs().has_error())
      return success();
    error = "cannot write standard output: " + llvm::outs().error().message();
    llvm::outs().clear_error();
    return fail(error);
  }
  return failed(output.write(text, error)) || failed(output.keep(error)) ? fail(error) : success();
}

LogicalResult Driver::emit() {
  if (failed(lower(*options.emit, "lowering")))
    return failure();
  if (*options.emit == Phase::PTX)
    return emitPTX();
  if (*options.emit == Phase::LLVM)
    embedSource(*module, sourceText);
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  if (options.printLocations)
    flags.enableDebugInfo();
  module->print(os, flags);
  os << '\n';
  return writeText(text);
}

LogicalResult Driver::emitPTX() {
  showProgress("generating code");
  FailureOr<std::string> ptx = translateToPTX(*module, programField("gpu"));
  if (succeeded(ptx))
    return writeText(*ptx);
  status = ExitUserError; // A toolkit is missing, or IR is not hfc's.
  return failure();
}

/// Machine code of the kernels for a GPU, into the module.
LogicalResult Driver::generateKernels() {
  PassManager manager(&context);
  manager.addPass(createEmbedCubin());
  if (succeeded(manager.run(*module)))
    return success();
  status = ExitUserError; // A toolkit is missing, or IR is not hfc's.
  return failure();
}

LogicalResult Driver::link(ArrayRef<char> object, ArrayRef<ProgramLibrary> libraries) {
  std::string error;
  if (failed(linkProgram(object, libraries, output.temporaryName(), error)))
    return fail(error, isIR() ? ExitUserError : ExitInternalError);
  return failed(output.keep(error)) ? fail(error) : success();
}

LogicalResult Driver::build() {
  // What is missing is said before the work, not after it.
  std::string error;
  FailureOr<SmallVector<ProgramLibrary>> libraries = SmallVector<ProgramLibrary>();
  if (isForCUDA())
    libraries = findCudaLibraries(error);
  if (failed(libraries))
    return fail(error);
  if (failed(lower(Phase::LLVM, "lowering")))
    return failure();
  embedSource(*module, sourceText);
  showProgress("generating code");
  if (isForCUDA() && failed(generateKernels()))
    return failure();
  FailureOr<SmallVector<char, 0>> object = compileToObject(*module);
  if (failed(object)) {
    status = isIR() ? ExitUserError : ExitInternalError;
    return failure();
  }
  showProgress("linking");
  return link(*object, *libraries);
}

LogicalResult Driver::account() {
  std::optional<ledger::Machine> machine;
  if (!options.machine.empty()) {
    llvm::Expected<ledger::Machine> read = ledger::Machine::read(options.machine);
    if (!read)
      return fail("--machine: " + llvm::toString(read.takeError()));
    machine = std::move(*read);
  }
  ledger::Ledger ledger = ledger::account(*module, machine ? machine->overhead : ledger::Overhead());
  if (machine)
    ledger::estimateTimes(ledger, *machine);
  const ledger::Machine *known = machine ? &*machine : nullptr;
  if (known)
    ledger::noteCosts(*module, ledger, known);
  printReport(ledger, known);
  std::string excess = ledger::overBudget(ledger, options.budget);
  if (!excess.empty())
    return fail(excess, ExitCheckFailed);
  // What does not fit is no program for that machine, whatever the user allows.
  excess = ledger::overBudget(ledger, deviceBudget(known));
  return excess.empty() ? success() : fail(excess);
}

void Driver::printReport(const ledger::Ledger &ledger, const ledger::Machine *machine) {
  const verify::Verdict *found = verdict ? &*verdict : nullptr;
  if (options.report == ReportFormat::Text)
    ledger::printText(ledger, machine, found, llvm::outs());
  else if (options.report == ReportFormat::JSON)
    ledger::printJSON(ledger, machine, found, llvm::outs());
  else if (options.report == ReportFormat::HTML)
    ledger::printHTML(ledger, machine, found, llvm::outs());
}

ledger::Budget Driver::deviceBudget(const ledger::Machine *machine) {
  ledger::Budget budget;
  if (machine && isForCUDA()) {
    budget.memory = machine->memory;
    budget.memorySource = "the memory of a device of '" + machine->name + "'";
  }
  std::optional<LocalDevice> local = localDevice.valid() ? localDevice.get() : std::nullopt;
  if (local) {
    budget.memory = local->memory;
    budget.memorySource =
        "the memory of the GPU here, " + local->name + " (--machine or --max-memory to compile for another),";
  }
  return budget;
}

int Driver::run() {
  if (!pluginError.empty()) {
    (void)fail(pluginError);
    return status;
  }
  if (failed(openOutput()) || failed(load()) || failed(prepareCheck()))
    return status;
  if (isForLocalDevice())
    localDevice = std::async(std::launch::async, findSmallestDevice);
  bool isAccounted = options.report != ReportFormat::None || !options.machine.empty() || options.budget.memory ||
                     options.budget.collectiveBytes || localDevice.valid();
  if (isAccounted && (failed(lower(Phase::Rt, "planning")) || failed(account())))
    return status;
  if (options.emit)
    (void)emit();
  else if (!options.output.empty())
    (void)build();
  return status;
}
