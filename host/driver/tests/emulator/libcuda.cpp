// A stand-in for libcuda: as much of CUDA's driver as the CUDA device calls, with the kernels compiled for the
// host behind it. It stands in for the driver and for its order of things, not for a GPU's arithmetic.
//
// What is put into a stream runs as late as may be: when somebody waits for it. So who forgot to wait reads
// what is not there yet. With EMULATOR_EAGER it runs at once.
//
// EMULATOR_KERNELS  folder of NAME.ptx, the programs, with NAME.so, the same kernels for the host
// EMULATOR_DEVICES  how many there are [1]
// EMULATOR_MEMORY   bytes of each [1 GiB]
// EMULATOR_TAKEN    how many of them somebody else has [0]
// EMULATOR_FAIL     function:n:code: its n-th call fails; from 700 on the context with it
//
// A binary for an architecture, which begins as ELF does, is loaded and has no kernels.
//
// What a program may not do is told on stderr, in lines that begin with "emulator:".
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <dlfcn.h>
#include <fstream>
#include <functional>
#include <glob.h>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace {

enum : int {
    SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_CONTEXT = 201,
    INVALID_PTX = 218, NOT_FOUND = 500, NOT_READY = 600, ILLEGAL_ADDRESS = 700,
};

struct Context;

struct Stream {
    Context *context;
    std::deque<std::function<void()>> work;
    uint64_t issued = 0, done = 0;

    void add(std::function<void()> next) {
        work.push_back(std::move(next));
        ++issued;
        if (getenv("EMULATOR_EAGER")) run(issued);
    }

    void run(uint64_t until) {
        while (done < until) {
            auto next = std::move(work.front());
            work.pop_front();
            ++done;
            next();
        }
    }
};

struct Event {
    Stream *stream = nullptr;
    uint64_t place = 0;
};

struct Module {
    void *library;
    std::string ptx;
};

struct Function {
    void (*place)();
    void (*select_group)(uint32_t);
    std::vector<bool> is_address;
};

struct Context {
    std::map<uintptr_t, size_t> memory; // by its first address
    size_t used = 0;
    int broken = SUCCESS;
    int objects = 0; // that must be given back
    bool excused = false;
    std::vector<std::unique_ptr<Function>> functions;
};

std::recursive_mutex all; // one call at a time
thread_local std::vector<Context *> current;

int number(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

size_t memory_bytes() {
    const char *text = getenv("EMULATOR_MEMORY");
    return text ? strtoull(text, nullptr, 10) : size_t(1) << 30;
}

void tell(const char *what) { fprintf(stderr, "emulator: %s\n", what); }

Context *here() { return current.empty() ? nullptr : current.back(); }

// The error that this call ends with, if any.
int fails(const char *function) {
    static std::map<std::string, int> calls;
    const char *text = getenv("EMULATOR_FAIL");
    if (text) {
        std::istringstream parts(text);
        std::string name, n, code;
        std::getline(parts, name, ':'), std::getline(parts, n, ':'), std::getline(parts, code);
        if (name == function && ++calls[name] == atoi(n.c_str())) {
            const int error = atoi(code.c_str());
            if (here() && error >= ILLEGAL_ADDRESS) here()->broken = error;
            // what was to be given back is left
            for (const char *gives_back : {"Destroy", "Free", "Unload"})
                if (here() && name.find(gives_back) != name.npos) here()->excused = true;
            return error;
        }
    }
    return here() ? here()->broken : SUCCESS;
}

bool is_inside(Context *context, uintptr_t from, size_t bytes) {
    auto next = context->memory.upper_bound(from);
    if (next == context->memory.begin()) return false;
    auto [first, size] = *--next;
    return from + bytes <= first + size;
}

void copy(Context *context, uintptr_t device, size_t bytes, void *to, const void *from) {
    if (is_inside(context, device, bytes)) {
        memcpy(to, from, bytes);
    } else {
        tell("a copy beyond a buffer's end");
        context->broken = ILLEGAL_ADDRESS;
    }
}

std::string contents(const std::string &path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The library of the program with this PTX.
void *library_of(const std::string &ptx) {
    const std::string folder = getenv("EMULATOR_KERNELS") ? getenv("EMULATOR_KERNELS") : ".";
    glob_t found;
    glob((folder + "/*.ptx").c_str(), 0, nullptr, &found);
    void *library = nullptr;
    for (size_t i = 0; i < found.gl_pathc && !library; ++i) {
        std::string path = found.gl_pathv[i];
        if (contents(path) == ptx) library = dlopen((path.substr(0, path.size() - 3) + "so").c_str(), RTLD_NOW);
    }
    globfree(&found);
    return library;
}

// What a kernel's parameters are, by its PTX.
std::vector<bool> parameters(const std::string &ptx, const std::string &kernel) {
    std::vector<bool> out;
    size_t at = ptx.find(".entry " + kernel + "(");
    const size_t end = ptx.find(')', at);
    while ((at = ptx.find(".param .u", at)) < end) {
        at += strlen(".param .u");
        out.push_back(ptx.compare(at, 2, "64") == 0);
    }
    return out;
}

template <typename... Word> void call_with(void (*place)(), Word... words) {
    reinterpret_cast<void (*)(Word...)>(place)(words...);
}

void call(void (*place)(), const std::vector<uintptr_t> &w) {
    switch (w.size()) {
    case 2: return call_with(place, w[0], w[1]);
    case 3: return call_with(place, w[0], w[1], w[2]);
    case 4: return call_with(place, w[0], w[1], w[2], w[3]);
    case 5: return call_with(place, w[0], w[1], w[2], w[3], w[4]);
    case 6: return call_with(place, w[0], w[1], w[2], w[3], w[4], w[5]);
    case 7: return call_with(place, w[0], w[1], w[2], w[3], w[4], w[5], w[6]);
    case 8: return call_with(place, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]);
    case 9: return call_with(place, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8]);
    case 13:
        return call_with(place, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12]);
    default: tell("a kernel of so many parameters is not known here"); abort();
    }
}

} // namespace

#define ENTER(function) \
    std::lock_guard<std::recursive_mutex> guard(all); \
    if (int error = fails(function)) return error;
#define ENTER_CONTEXT(function) \
    ENTER(function) \
    if (!here()) return INVALID_CONTEXT;

extern "C" {

// NVRTC asks for it and does without.
int cuGetExportTable(const void **, const void *) { return NOT_FOUND; }

int cuInit(unsigned) {
    ENTER("cuInit")
    return number("EMULATOR_DEVICES", 1) > 0 ? SUCCESS : NO_DEVICE;
}
int cuDriverGetVersion(int *version) {
    ENTER("cuDriverGetVersion")
    *version = 12040;
    return SUCCESS;
}
int cuDeviceGetCount(int *count) {
    ENTER("cuDeviceGetCount")
    *count = number("EMULATOR_DEVICES", 1);
    return SUCCESS;
}
int cuDeviceGet(int *device, int ordinal) {
    ENTER("cuDeviceGet")
    if (ordinal < 0 || ordinal >= number("EMULATOR_DEVICES", 1)) return INVALID_DEVICE;
    *device = ordinal;
    return SUCCESS;
}
int cuDeviceGetName(char *name, int bytes, int) {
    ENTER("cuDeviceGetName")
    snprintf(name, size_t(bytes), "Emulator");
    return SUCCESS;
}
int cuDeviceTotalMem_v2(size_t *bytes, int) {
    ENTER("cuDeviceTotalMem_v2")
    *bytes = memory_bytes();
    return SUCCESS;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    ENTER("cuDeviceGetAttribute")
    // clock, multiprocessors, PCI bus and device, architecture, pools; anything else is zero
    const std::map<int, int> known = {{13, 1980000}, {16, 132}, {33, 0x41 + device}, {34, 0}, {75, 9}, {76, 0}, {115, 1}};
    auto found = known.find(attribute);
    *value = found == known.end() ? 0 : found->second;
    return SUCCESS;
}

int cuCtxCreate_v2(Context **out, unsigned, int) {
    ENTER("cuCtxCreate_v2")
    *out = new Context;
    current.push_back(*out);
    return SUCCESS;
}
int cuCtxPushCurrent_v2(Context *context) {
    current.push_back(context);
    return SUCCESS; // even of one that is broken
}
int cuCtxPopCurrent_v2(Context **out) {
    if (current.empty()) return INVALID_CONTEXT;
    *out = current.back();
    current.pop_back();
    return SUCCESS;
}
int cuCtxDestroy_v2(Context *context) {
    std::lock_guard<std::recursive_mutex> guard(all);
    const bool judged = context->broken == SUCCESS && !context->excused;
    if (judged && context->objects != 0) tell("objects were not given back");
    if (judged && !context->memory.empty()) tell("memory was not given back");
    delete context;
    return SUCCESS;
}

int cuStreamCreate(Stream **out, unsigned) {
    ENTER_CONTEXT("cuStreamCreate")
    *out = new Stream{here(), {}};
    ++here()->objects;
    return SUCCESS;
}
int cuStreamSynchronize(Stream *stream) {
    ENTER_CONTEXT("cuStreamSynchronize")
    stream->run(stream->issued);
    return here()->broken;
}
int cuStreamDestroy_v2(Stream *stream) {
    ENTER_CONTEXT("cuStreamDestroy_v2")
    stream->run(stream->issued);
    --here()->objects;
    delete stream;
    return SUCCESS;
}
int cuStreamWaitEvent(Stream *stream, Event *event, unsigned) {
    ENTER_CONTEXT("cuStreamWaitEvent")
    stream->add([other = event->stream, place = event->place] { other->run(place); });
    return SUCCESS;
}

int cuEventCreate(Event **out, unsigned) {
    ENTER_CONTEXT("cuEventCreate")
    *out = new Event;
    ++here()->objects;
    return SUCCESS;
}
int cuEventRecord(Event *event, Stream *stream) {
    ENTER_CONTEXT("cuEventRecord")
    *event = {stream, stream->issued};
    return SUCCESS;
}
int cuEventSynchronize(Event *event) {
    ENTER_CONTEXT("cuEventSynchronize")
    if (event->stream) event->stream->run(event->place);
    return here()->broken;
}
int cuEventElapsedTime(float *milliseconds, Event *from, Event *to) {
    ENTER_CONTEXT("cuEventElapsedTime")
    for (Event *event : {from, to})
        if (!event->stream || event->stream->done < event->place) return NOT_READY;
    *milliseconds = 0.001f;
    return SUCCESS;
}
int cuEventDestroy_v2(Event *event) {
    ENTER_CONTEXT("cuEventDestroy_v2")
    --here()->objects;
    delete event;
    return SUCCESS;
}

int cuMemPoolCreate(void **out, const void *) {
    ENTER_CONTEXT("cuMemPoolCreate")
    *out = here();
    ++here()->objects;
    return SUCCESS;
}
int cuMemPoolSetAttribute(void *, int, void *) {
    ENTER_CONTEXT("cuMemPoolSetAttribute")
    return SUCCESS;
}
int cuMemPoolDestroy(void *) {
    ENTER_CONTEXT("cuMemPoolDestroy")
    --here()->objects;
    return SUCCESS;
}
int cuMemAllocFromPoolAsync(uintptr_t *out, size_t bytes, void *, Stream *) {
    ENTER_CONTEXT("cuMemAllocFromPoolAsync")
    Context *context = here();
    if (bytes == 0) return INVALID_VALUE;
    if (size_t(number("EMULATOR_TAKEN", 0)) + context->used + bytes > memory_bytes()) return OUT_OF_MEMORY;
    *out = reinterpret_cast<uintptr_t>(aligned_alloc(256, (bytes + 255) / 256 * 256));
    memset(reinterpret_cast<void *>(*out), 0xa5, bytes); // no element
    context->memory[*out] = bytes;
    context->used += bytes;
    return SUCCESS;
}
int cuMemFreeAsync(uintptr_t address, Stream *stream) {
    ENTER_CONTEXT("cuMemFreeAsync")
    Context *context = here();
    context->used -= context->memory.count(address) ? context->memory[address] : 0;
    stream->add([context, address] {
        auto found = context->memory.find(address);
        if (found == context->memory.end()) return tell("memory was given back twice");
        memset(reinterpret_cast<void *>(address), 0xdd, found->second);
        free(reinterpret_cast<void *>(address));
        context->memory.erase(found);
    });
    return SUCCESS;
}
int cuMemHostAlloc(void **out, size_t bytes, unsigned) {
    ENTER_CONTEXT("cuMemHostAlloc")
    *out = malloc(bytes);
    ++here()->objects;
    return SUCCESS;
}
int cuMemFreeHost(void *memory) {
    ENTER_CONTEXT("cuMemFreeHost")
    free(memory);
    --here()->objects;
    return SUCCESS;
}
int cuMemcpyHtoDAsync_v2(uintptr_t to, const void *from, size_t bytes, Stream *stream) {
    ENTER_CONTEXT("cuMemcpyHtoDAsync_v2")
    stream->add([=, context = here()] { copy(context, to, bytes, reinterpret_cast<void *>(to), from); });
    return SUCCESS;
}
int cuMemcpyDtoHAsync_v2(void *to, uintptr_t from, size_t bytes, Stream *stream) {
    ENTER_CONTEXT("cuMemcpyDtoHAsync_v2")
    stream->add([=, context = here()] { copy(context, from, bytes, to, reinterpret_cast<void *>(from)); });
    return SUCCESS;
}

int cuModuleLoadDataEx(Module **out, const char *image, unsigned, int *, void **values) {
    ENTER_CONTEXT("cuModuleLoadDataEx")
    const bool is_binary = memcmp(image, "\x7f" "ELF", 4) == 0;
    void *library = is_binary ? nullptr : library_of(image);
    if (!library && !is_binary) {
        snprintf(static_cast<char *>(values[0]), reinterpret_cast<size_t>(values[1]), "no such program");
        return INVALID_PTX;
    }
    *out = new Module{library, is_binary ? "" : image};
    ++here()->objects;
    return SUCCESS;
}
int cuModuleUnload(Module *module) {
    ENTER_CONTEXT("cuModuleUnload")
    --here()->objects;
    delete module;
    return SUCCESS;
}
int cuModuleGetFunction(Function **out, Module *module, const char *name) {
    ENTER_CONTEXT("cuModuleGetFunction")
    if (!module->library) return NOT_FOUND;
    void *place = dlsym(module->library, name), *select = dlsym(module->library, "select_group");
    if (!place || !select) return NOT_FOUND;
    auto function = std::make_unique<Function>();
    function->place = reinterpret_cast<void (*)()>(place);
    function->select_group = reinterpret_cast<void (*)(uint32_t)>(select);
    function->is_address = parameters(module->ptx, name);
    *out = function.get();
    here()->functions.push_back(std::move(function));
    return SUCCESS;
}
int cuLaunchKernel(Function *function, unsigned groups, unsigned y, unsigned z, unsigned threads, unsigned, unsigned,
                   unsigned, Stream *stream, void **values, void **) {
    ENTER_CONTEXT("cuLaunchKernel")
    if (groups == 0 || y != 1 || z != 1 || threads != 128) return INVALID_VALUE;
    std::vector<uintptr_t> words;
    for (size_t i = 0; i < function->is_address.size(); ++i) {
        // little-endian
        uintptr_t word = 0;
        memcpy(&word, values[i], function->is_address[i] ? 8 : 4);
        words.push_back(word);
    }
    stream->add([=, context = here()] {
        for (size_t i = 0; i < words.size(); ++i) {
            if (function->is_address[i] && !is_inside(context, words[i], 1)) {
                tell("a kernel was given memory that is not there");
                context->broken = ILLEGAL_ADDRESS;
                return;
            }
        }
        for (unsigned group = 0; group < groups; ++group) {
            function->select_group(group);
            call(function->place, words);
        }
    });
    return SUCCESS;
}

} // extern "C"
