//===- CodeGen.cpp - from the LLVM dialect to an object file
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Target/CPU.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/StandardInstrumentations.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace hfc;

void hfc::embedSource(ModuleOp module, StringRef text) {
  constexpr StringLiteral name = "hfc_program_ir";
  if (module.lookupSymbol(name))
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  std::string terminated = text.str() + '\0';
  LLVM::GlobalOp::create(builder, module.getLoc(), LLVM::LLVMArrayType::get(builder.getI8Type(), terminated.size()),
                         /*isConstant=*/true, LLVM::Linkage::External, name, builder.getStringAttr(terminated));
}

static std::unique_ptr<llvm::TargetMachine> createTargetMachine(StringRef cpu, llvm::CodeGenOptLevel level,
                                                                std::string &error) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::Triple triple(llvm::sys::getProcessTriple());
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(triple, cpu, /*Features=*/"",
                                                                          llvm::TargetOptions(), llvm::Reloc::PIC_,
                                                                          /*CM=*/std::nullopt, level));
}

/// LLVM's usual pipeline; kernels gain from its vectorizers where the emitter left scalars. Entries are marked not to
/// be optimized, which the instrumentation sees to.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassInstrumentationCallbacks callbacks;
  llvm::StandardInstrumentations instrumentations(module.getContext(), /*DebugLogging=*/false);
  instrumentations.registerCallbacks(callbacks, &modules);
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = true;
  llvm::PassBuilder passes(&machine, tuning, /*PGOOpt=*/std::nullopt, &callbacks);
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(components);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, components, modules);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

/// The processor that the program is for.
static FailureOr<StringRef> programCPU(ModuleOp module) {
  StringRef cpu = defaultCPU();
  if (auto program = module->getAttrOfType<DictionaryAttr>("hf.program"))
    if (auto name = program.getAs<StringAttr>("cpu"))
      cpu = name.getValue();
  if (resolveCPU(cpu) != cpu)
    return module.emitError("no processor is called '") << cpu << "'; known are " << knownCPUs();
  return cpu;
}

/// Whether there is code that gains from being optimized: a program for a GPU has entries only, each a straight line of
/// thousands of calls, over which optimizations take time.
static bool isWorthOptimizing(ModuleOp module) {
  return llvm::any_of(module.getOps<LLVM::LLVMFuncOp>(), [](LLVM::LLVMFuncOp function) {
    return !function.isExternal() && !function.getOptimizeNone().value_or(false);
  });
}

FailureOr<SmallVector<char, 0>> hfc::compileToObject(ModuleOp module) {
  FailureOr<StringRef> cpu = programCPU(module);
  if (failed(cpu))
    return failure();
  std::string error;
  bool isOptimized = isWorthOptimizing(module);
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(*cpu, isOptimized ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::None, error);
  if (!machine)
    return module.emitError(error);
  module->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(),
                  StringAttr::get(module.getContext(), machine->createDataLayout().getStringRepresentation()));
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> ir = translateModuleToLLVMIR(module, context, "hfc");
  if (!ir)
    return module.emitError("the module does not translate to LLVM IR");
  ir->setTargetTriple(machine->getTargetTriple());
  ir->setPICLevel(llvm::PICLevel::BigPIC);
  if (isOptimized)
    optimize(*ir, *machine);

  SmallVector<char, 0> object;
  llvm::raw_svector_ostream os(object);
  llvm::legacy::PassManager codegen;
  if (machine->addPassesToEmitFile(codegen, os, /*DwoOut=*/nullptr, llvm::CodeGenFileType::ObjectFile))
    return module.emitError("LLVM writes no object files for this machine");
  codegen.run(*ir);
  return object;
}
