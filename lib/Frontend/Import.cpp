//===- Import.cpp - from a Hugging Face checkpoint's config to the hf dialect
//
// Part of hfc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hfc/Frontend/Import.h"

#include "Document.h"
#include "Family.h"
#include "Freeze.h"
#include "Generation.h"
#include "Mesh.h"

#include "dialects/dist/Sharding.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

using namespace hfc;
using namespace hfc::frontend;

namespace {

/// One import, from a parsed document to a module.
class Importer {
public:
  Importer(MLIRContext *context, const Document &document, const ImportOptions &options, ImportMessages &messages)
      : context(context), document(document), options(options), messages(messages),
        config(this->document.config, problems) {}

  FailureOr<OwningOpRef<ModuleOp>> run();

private:
  const Family *findFamily();
  void readDtype();
  void decide();
  void decideTraining();
  OwningOpRef<ModuleOp> build();
  DictionaryAttr programAttribute();
  void addTraining(NamedAttrList &attributes);
  void addDistribution(NamedAttrList &attributes);
  ArrayRef<MeshAxis> mesh() const;
  template <typename T>
  T choose(std::optional<T> given, std::optional<T> documented, T otherwise) {
    return given ? *given : documented ? *documented : otherwise;
  }

  MLIRContext *context;
  const Document &document;
  const ImportOptions &options;
  ImportMessages &messages;
  Problems problems;
  ConfigReader config;
  std::unique_ptr<Model> model;
  std::string modelType, architecture;
  Request request;
  ProgramType dtype = ProgramType::float32;
  Generation generation;
};

} // namespace

const Family *Importer::findFamily() {
  std::optional<std::string> type = config.text("model_type");
  std::optional<std::vector<std::string>> classes = config.texts("architectures");
  if (problems.any())
    return nullptr;
  std::string known;
  for (const Family &family : families())
    known += (known.empty() ? "" : ", ") + family.architecture.str() + " (" + family.modelType.str() + ")";
  if (!type || !classes || classes->empty()) {
    problems.add(StringRef(!type ? "model_type" : "architectures") +
                 " is missing; a config names its model_type and the class its checkpoint was saved from. hfc has " +
                 known);
    return nullptr;
  }
  modelType = *type;
  architecture = classes->front();
  for (const Family &family : families())
    if (family.modelType == modelType && family.architecture == architecture)
      return &family;
  problems.add("model_type " + inQuotes(modelType) + " with architecture " + inQuotes(architecture) +
               " is not supported; hfc has " + known);
  return nullptr;
}

void Importer::readDtype() {
  std::optional<ProgramType> asked = options.dtype ? options.dtype : document.defaults.dtype;
  config.alias("dtype", "torch_dtype");
  std::optional<std::string> name = config.text("dtype");
  if (asked) {
    dtype = *asked;
    return;
  }
  if (!name || *name == "float32")
    dtype = ProgramType::float32;
  else if (*name == "bfloat16")
    dtype = ProgramType::bfloat16;
  else
    problems.add("dtype is " + inQuotes(*name) +
                 ", and hfc computes in float32 or bfloat16; choose one by --dtype (weights are converted)");
}

/// What is asked of training; on the command line of another task it would go unheard.
void Importer::decideTraining() {
  const ImportOptions &said = document.defaults;
  request.dropout = choose(options.dropout, said.dropout, true);
  if (request.task == Task::train)
    request.microBatches = choose<int64_t>(options.microBatches, said.microBatches, 1);
  else if (options.microBatches.value_or(1) != 1)
    problems.add("micro-batches are for --task=train, which adds up their gradients");
  if (!request.isTraining() && options.freeze)
    problems.add("freeze is for --task=train and --task=module: the other tasks do not train");
  if (!request.isTraining() && options.recompute.value_or(Recompute::none) != Recompute::none)
    problems.add("recompute is for --task=train and --task=module: the other tasks have no backward pass");
  if (request.microBatches < 1 || request.batch % request.microBatches)
    problems.add("a batch of " + Twine(request.batch) + " does not divide into " + Twine(request.microBatches) +
                 " micro-batches");
}

/// The command line first, then the document, then the defaults.
void Importer::decide() {
  const ImportOptions &said = document.defaults;
  request.task = choose(options.task, said.task, options.fallbackTask);
  request.inputs = choose(options.inputs, said.inputs, InputKind::inputIds);
  request.layout = choose(options.layout, said.layout, BoundaryLayout::batchFirst);
  request.target = choose(options.target, said.target, options.fallbackTarget);
  request.batch = choose(options.batch, said.batch, options.fallbackBatch);
  int64_t usual = model->defaultSequence(options.fallbackSequence);
  request.sequence = model->sequence(choose(options.sequence, said.sequence, usual));
  if (request.batch < 1 || request.batch > Limits::batch)
    problems.add("batch must be from 1 to " + Twine(Limits::batch) + ", and is " + Twine(request.batch));
  if (request.sequence < 1 || request.sequence > Limits::positions)
    problems.add("sequence must be from 1 to " + Twine(Limits::positions) + ", and is " + Twine(request.sequence));
  decideTraining();
  checkMesh(mesh(), problems);
  if (problems.any())
    return;
  model->check(request, problems);
  if (request.task != Task::generate || !model->isLanguageModel())
    return;
  if (request.inputs != InputKind::inputIds)
    problems.add("generation reads input_ids; --inputs=inputs_embeds is for --task=forward");
  for (int64_t tokens : options.prefillChunks)
    if (tokens < 1)
      problems.add("a prefill chunk must have at least one token, and has " + Twine(tokens));
  decideChunks(request, options.prefillChunks);
  generation = readGeneration(document, *model, problems, messages.warnings);
}

DictionaryAttr Importer::programAttribute() {
  Builder builder(context);
  NamedAttrList attributes;
  auto text = [&](StringRef key, StringRef value) { attributes.set(key, builder.getStringAttr(value)); };
  static constexpr StringLiteral tasks[] = {"forward", "train", "generate", "module"};
  text("task", tasks[static_cast<unsigned>(request.task)]);
  text("family", modelType);
  text("architecture", architecture);
  attributes.set("batch", builder.getI64IntegerAttr(request.batch));
  attributes.set("sequence", builder.getI64IntegerAttr(request.sequence));
  text("dtype", dtype == ProgramType::float32 ? "float32" : "bfloat16");
  text("layout", request.layout == BoundaryLayout::batchFirst ? "batch-first" : "sequence-first");
  text("target", request.target);
  attributes.set("checkpoint_prefixes", builder.getStrArrayAttr(model->checkpointPrefixes()));
  if (SmallVector<std::string> unused = model->unusedInCheckpoint(); !unused.empty()) {
    SmallVector<StringRef> names(unused.begin(), unused.end());
    attributes.set("checkpoint_unused", builder.getStrArrayAttr(names));
  }
  if (request.task == Task::generate)
    attributes.set("generation", generationAttribute(context, generation, *model, request));
  if (request.isTraining())
    addTraining(attributes);
  if (meshAttribute(context, mesh()))
    addDistribution(attributes);
  return attributes.getDictionary(context);
}

static StringRef nameOf(ProgramType type) { return type == ProgramType::float32 ? "float32" : "bfloat16"; }

void Importer::addTraining(NamedAttrList &attributes) {
  const ImportOptions &said = document.defaults;
  Builder builder(context);
  auto type = [&](StringRef key, std::optional<ProgramType> asked, std::optional<ProgramType> documented) {
    attributes.set(key, builder.getStringAttr(nameOf(choose(asked, documented, ProgramType::float32))));
  };
  static constexpr StringLiteral recomputed[] = {"none", "selective", "full"};
  Recompute recompute = choose(options.recompute, said.recompute, Recompute::none);
  attributes.set("micro_batches", builder.getI64IntegerAttr(request.microBatches));
  if (model->isLanguageModel())
    if (std::optional<int64_t> separator = readSeparator(document, *model))
      attributes.set("separator", builder.getI64IntegerAttr(*separator));
  attributes.set("recompute", builder.getStringAttr(recomputed[static_cast<unsigned>(recompute)]));
  type("master_dtype", options.masterType, said.masterType);
  type("moments_dtype", options.momentsType, said.momentsType);
  type("grad_dtype", options.gradientType, said.gradientType);
}

ArrayRef<MeshAxis> Importer::mesh() const {
  const std::optional<std::vector<MeshAxis>> &axes = options.mesh ? options.mesh : document.defaults.mesh;
  return axes ? ArrayRef<MeshAxis>(*axes) : ArrayRef<MeshAxis>();
}

/// What the strategy is to do with the mesh's ranks.
void Importer::addDistribution(NamedAttrList &attributes) {
  const ImportOptions &said = document.defaults;
  Builder builder(context);
  attributes.set("partitioner", builder.getStringAttr(choose<std::string>(options.partitioner, said.partitioner,
                                                                          defaultPartitioner.str())));
  if (const std::optional<std::string> &spec = options.partitionSpec ? options.partitionSpec : said.partitionSpec)
    attributes.set("partition_spec", builder.getStringAttr(*spec));
}

OwningOpRef<ModuleOp> Importer::build() {
  FloatType element =
      dtype == ProgramType::float32 ? FloatType(Float32Type::get(context)) : FloatType(BFloat16Type::get(context));
  ProgramBuilder program(context, element, document.name, model->checkpointNames());
  if (request.task == Task::forward || request.task == Task::module) {
    model->buildForward(program, request);
  } else if (request.task == Task::train) {
    model->buildTraining(program, request);
  } else {
    for (const Chunk &chunk : request.chunks)
      model->buildChunk(program, request, chunk);
  }
  program.getModule()->setAttr("hf.program", programAttribute());
  if (Attribute ranks = meshAttribute(context, mesh()))
    program.getModule()->setAttr(dist::meshName, ranks);
  return program.take();
}

FailureOr<OwningOpRef<ModuleOp>> Importer::run() {
  if (const Family *family = findFamily()) {
    model = family->describe(config);
    readDtype();
    config.finish();
    // Sizes that are wrong would be reported a second time as something else.
    if (!problems.any())
      decide();
  }
  if (problems.any()) {
    messages.error = problems.message(document.name);
    return failure();
  }
  OwningOpRef<ModuleOp> module = build();
  if (const auto &patterns = options.freeze ? options.freeze : document.defaults.freeze;
      patterns && request.isTraining())
    freezeParameters(*module, *patterns, problems);
  if (problems.any()) {
    messages.error = problems.message(document.name);
    return failure();
  }
  std::string complaint;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (complaint.empty())
      complaint = diagnostic.str();
    return success();
  });
  if (failed(verify(*module))) {
    messages.error = document.name + ": the importer wrote a program that does not verify: " + complaint;
    messages.internal = true;
    return failure();
  }
  return module;
}

static FailureOr<OwningOpRef<ModuleOp>> import(MLIRContext *context, FailureOr<Document> document,
                                               const ImportOptions &options, ImportMessages &messages) {
  if (failed(document))
    return failure();
  context->loadDialect<hf::HfDialect, dist::DistDialect, func::FuncDialect>();
  return Importer(context, *document, options, messages).run();
}

FailureOr<OwningOpRef<ModuleOp>> hfc::importModel(MLIRContext *context, StringRef path, const ImportOptions &options,
                                                  ImportMessages &messages) {
  return import(context, readDocument(path, messages.error), options, messages);
}

FailureOr<OwningOpRef<ModuleOp>> hfc::importConfig(MLIRContext *context, StringRef json,
                                                   std::optional<StringRef> generationConfig, StringRef name,
                                                   const ImportOptions &options, ImportMessages &messages) {
  return import(context, parseDocument(json, generationConfig, name, messages.error), options, messages);
}
